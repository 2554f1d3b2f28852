//! `cairn-bind IN.wasm OUT_DIR`: like wasm-bindgen's own program, without the parts that
//! fetch browsers and serve tests.

use anyhow::{Result, bail};
use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [wasm, folder] = &arguments[..] else { bail!("write: cairn-bind IN.wasm OUT_DIR") };
    let mut bindgen = Bindgen::new();
    bindgen
        .input_path(wasm)
        .out_name("cairn")
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true);
    bindgen.web(true)?.generate(folder)
}
