"use strict";

fetch("node/status")
  .then((answer) => answer.json())
  .then((status) => {
    const now = document.getElementById("now");
    now.textContent = `Height ${status.height}, ${status.state}. This node speaks HTTP:`;
  });
