//! A drawing of the 75 bytes of a block. The width of a field shows its length.

use std::ops::Range;

use cairn::block::{BLOCK_LEN, field};

use crate::svg::Svg;

const BYTE: f64 = 9.0;
const LEFT: f64 = 10.0;

pub(crate) fn draw() -> String {
    let fields: [(&str, Range<usize>); 8] = [
        ("size", field::SIZE..field::SIZE + 1),
        ("version", field::VERSION..field::VERSION + 1),
        ("hash of the block before", field::PREVIOUS),
        ("timestamp", field::TIMESTAMP),
        ("nonce", field::NONCE),
        ("transactions", field::TRANSACTION_COUNTER..field::TRANSACTION_COUNTER + 1),
        ("sender", field::SENDER),
        ("receiver", field::RECEIVER),
    ];
    let title = format!(
        "A block is {BLOCK_LEN} bytes. Its hash covers bytes {} to {}, and nothing else.",
        field::HEADER.start,
        field::HEADER.end - 1
    );
    let mut svg = Svg::new(700, 190, &title);
    for (number, (name, bytes)) in fields.iter().enumerate() {
        let x = LEFT + bytes.start as f64 * BYTE;
        let width = bytes.len() as f64 * BYTE;
        let opacity = if number % 2 == 0 { 0.12 } else { 0.25 };
        svg.shape(&format!(
            r#"<rect x="{x}" y="70" width="{width}" height="36" fill="currentColor" fill-opacity="{opacity}" stroke="currentColor" stroke-width="0.7"/>"#
        ));
        name_field(&mut svg, number, name, bytes);
    }
    let (from, to) = (x_of(field::HEADER.start), x_of(field::HEADER.end));
    svg.shape(&format!(r#"<path d="M{from} 112v10H{to}v-10" fill="none" stroke="currentColor"/>"#));
    svg.text((from + to) / 2.0, 140.0, "middle", "header: what the hash covers");
    svg.finish()
}

fn x_of(byte: usize) -> f64 {
    LEFT + byte as f64 * BYTE
}

/// Writes the names: inside wide fields, and above narrow ones, or below at the end.
fn name_field(svg: &mut Svg, number: usize, name: &str, bytes: &Range<usize>) {
    let middle = (x_of(bytes.start) + x_of(bytes.end)) / 2.0;
    let label = match bytes.len() {
        1 => format!("{name} {}", bytes.start),
        _ => format!("{name} {}–{}", bytes.start, bytes.end - 1),
    };
    if bytes.len() > 20 {
        svg.text(middle, 92.0, "middle", &label);
        return;
    }
    let (x, y, anchor) = match number {
        0 => (LEFT, 20.0, "start"),
        1 => (LEFT + 24.0, 45.0, "start"),
        3 => (middle, 45.0, "middle"),
        5 => (middle + 2.0, 45.0, "end"),
        6 => (x_of(BLOCK_LEN) - 15.0, 165.0, "end"),
        _ => (x_of(BLOCK_LEN), 20.0, "end"),
    };
    svg.text(x, y, anchor, &label);
    let (from, to) = if y < 70.0 { (y + 4.0, 70.0) } else { (y - 12.0, 106.0) };
    svg.shape(&format!(
        r#"<path d="M{middle} {from}V{to}" stroke="currentColor" stroke-width="0.7"/>"#
    ));
}
