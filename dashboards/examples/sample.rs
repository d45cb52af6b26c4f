//! Writes a page of invented data: `sample BLOCKS OUT [hostile]`. For looking at, and for the tests in
//! the browser.

#[path = "../tests/dashboards/synthetic.rs"]
mod synthetic;

use synthetic::Shape;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let usage = "usage: sample BLOCKS OUT [hostile]";
    let blocks = arguments.next().ok_or(usage)?.parse()?;
    let out = arguments.next().ok_or(usage)?;
    let hostile = arguments.next().is_some_and(|word| word == "hostile");
    let shape = Shape { blocks, precompiles: 76, lines: 3000, hostile };
    let (page, details, code) = synthetic::page(shape);
    std::fs::write(out, autoprec_dashboards::html(&page, &details, &code))?;
    Ok(())
}
