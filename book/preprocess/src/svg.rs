//! Drawings in the page's own colours: shapes have the colour of the text.

use std::fmt::Write;

pub(crate) struct Svg {
    width: u32,
    height: u32,
    /// A description of the drawing, for readers who cannot see it.
    title: String,
    body: String,
}

impl Svg {
    pub(crate) fn new(width: u32, height: u32, title: &str) -> Svg {
        Svg { width, height, title: title.to_owned(), body: String::new() }
    }

    /// Adds a shape, as the text of its element.
    pub(crate) fn shape(&mut self, element: &str) {
        self.body.push_str(element);
    }

    pub(crate) fn text(&mut self, x: f64, y: f64, anchor: &str, words: &str) {
        let words = words.replace('&', "&amp;").replace('<', "&lt;");
        let attributes = format!(r#"x="{x:.1}" y="{y:.1}" text-anchor="{anchor}""#);
        let _ = write!(self.body, r#"<text {attributes} fill="currentColor">{words}</text>"#);
    }

    /// One line of HTML, because an empty line would end the HTML for mdBook.
    pub(crate) fn finish(self) -> String {
        let Svg { width, height, title, body } = self;
        format!(
            r#"<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}" style="width:100%;max-width:{width}px;font-size:13px" xmlns="http://www.w3.org/2000/svg">{body}</svg><figcaption>{title}</figcaption></figure>"#
        )
    }
}
