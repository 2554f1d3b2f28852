//! `--threads` in a program that was built without the feature `fast`.

/// Reads a number of threads, and reports the missing feature if it is not 1.
pub(crate) fn parse(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(1) => Ok(1),
        Ok(2_usize..) => Err("more than one thread needs the feature fast: build without \
                              --no-default-features"
            .to_owned()),
        _ => Err("write 1".to_owned()),
    }
}

/// The only thread.
pub(crate) fn all() -> usize {
    1
}
