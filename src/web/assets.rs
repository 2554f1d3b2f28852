//! The live page: every file of it, inside the binary.
//!
//! There is no build step and nothing is fetched from elsewhere. What is listed
//! here is served, and nothing else. The page's own tour is in `page/main.js`.

/// One file of the page.
#[derive(Debug)]
pub(super) struct Asset {
    /// Where it is served.
    pub(super) path: &'static str,
    /// Its `Content-Type`.
    pub(super) content_type: &'static str,
    /// All of it.
    pub(super) text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const SVG: &str = "image/svg+xml";

/// A file of the folder `page`, served as `/page/<name>`.
macro_rules! asset {
    ($content_type:expr, $name:literal) => {
        Asset {
            path: concat!("/page/", $name),
            content_type: $content_type,
            text: include_str!(concat!("page/", $name)),
        }
    };
}

/// Every file of the page.
pub(super) const ASSETS: &[Asset] = &[
    Asset { path: "/", content_type: HTML, text: include_str!("page/index.html") },
    asset!(CSS, "style.css"),
    asset!(SVG, "icon.svg"),
    asset!(SCRIPT, "main.js"),
    asset!(SCRIPT, "marks.js"),
    asset!(SCRIPT, "dom.js"),
    asset!(SCRIPT, "address.js"),
    asset!(SCRIPT, "blocks.js"),
    asset!(SCRIPT, "model.js"),
    asset!(SCRIPT, "history.js"),
    asset!(SCRIPT, "story.js"),
    asset!(SCRIPT, "source.js"),
    asset!(SCRIPT, "link.js"),
    asset!(SCRIPT, "net.js"),
    asset!(SCRIPT, "recording.js"),
    asset!(SCRIPT, "recorded.js"),
    asset!(SCRIPT, "save.js"),
    asset!(SCRIPT, "layout.js"),
    asset!(SCRIPT, "tree.js"),
    asset!(SCRIPT, "nodes.js"),
    asset!(SCRIPT, "sides.js"),
    asset!(SCRIPT, "feed.js"),
    asset!(SCRIPT, "bytes.js"),
    asset!(SCRIPT, "inspect.js"),
    asset!(SCRIPT, "replay.js"),
    asset!(SCRIPT, "demo.js"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn find(path: &str) -> Option<&'static Asset> {
        ASSETS.iter().find(|asset| asset.path == path)
    }

    /// Every `name.js` in quotes after `from` or `src=`, and so on.
    fn named_in(text: &str) -> Vec<&str> {
        let quoted = text.split(['"', '\'']);
        let is_file = |part: &&str| {
            let name = part.trim_start_matches("./").trim_start_matches("/page/");
            [".js", ".css", ".svg"].iter().any(|end| name.ends_with(end))
                && !name.contains([' ', '/'])
        };
        quoted.filter(is_file).collect()
    }

    #[test]
    fn each_file_that_the_page_names_is_served() {
        for asset in ASSETS {
            for name in named_in(asset.text) {
                let name = name.trim_start_matches("./").trim_start_matches("/page/");
                let path = format!("/page/{name}");
                assert!(find(&path).is_some(), "{} names {name}, which is not served", asset.path);
            }
        }
    }

    #[test]
    fn each_path_is_listed_once_and_others_are_not_found() {
        for asset in ASSETS {
            assert_eq!(ASSETS.iter().filter(|other| other.path == asset.path).count(), 1);
            assert!(!asset.text.is_empty(), "{} is empty", asset.path);
        }
        assert!(find("/page/").is_none());
        assert!(find("/page/../page.rs").is_none());
    }

    #[test]
    fn nothing_comes_from_elsewhere_and_nothing_is_inline() {
        for asset in ASSETS {
            let text = asset.text.replace("http://www.w3.org/2000/svg", "");
            for banned in ["https://", "eval(", " style=\"", "onclick=", "innerHTML"] {
                assert!(!text.contains(banned), "{} has {banned}", asset.path);
            }
        }
    }
}
