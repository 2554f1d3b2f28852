//! The figures, by name.

use crate::{fork, layout, waiting};

pub(crate) fn draw(name: &str) -> Result<String, String> {
    match name {
        "block" => Ok(layout::draw()),
        "fork" => fork::draw(),
        "waiting" => Ok(waiting::draw()),
        _ => Err(format!("no figure is called {name}")),
    }
}
