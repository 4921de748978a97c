//! What to do about libraries that many miss.

/// What to do about libraries that are not there.
pub(super) fn missing(libraries: &[&str], path: &str) -> String {
    let has = |starts: &[&str]| {
        let mut all = libraries.iter();
        all.any(|library| starts.iter().any(|start| library.starts_with(start)))
    };
    let is_opencv = path.contains("/cv2/") || path.contains("/opencv_");
    if is_opencv
        && has(&[
            "libGL",
            "libgthread-",
            "libglib-",
            "libSM.",
            "libICE.",
            "libX",
            "libxcb",
        ])
    {
        return "take opencv-python-headless in place of opencv-python".to_owned();
    }
    if has(&["libpq."]) {
        return "take psycopg2-binary or psycopg[binary], whose wheels bring it".to_owned();
    }
    if has(&["libodbc"]) {
        return "put unixODBC's libodbc and the driver for your database into lib/ of a layer"
            .to_owned();
    }
    if has(&["libcuda.", "libnvidia-"]) {
        return "it is of a graphics card's driver, and functions have none: take the build for \
                the processor alone"
            .to_owned();
    }
    format!(
        "put {} into lib/ of a layer, built on the runtime's own system, or take a release of the \
         package that brings {}",
        listed(libraries),
        if libraries.len() == 1 { "it" } else { "them" }
    )
}

/// What to do about libraries that are in the container image alone.
pub(super) fn in_image_only(libraries: &[&str]) -> String {
    format!(
        "copy {} from the image into lib/ of a layer",
        listed(libraries)
    )
}

/// `a`, `a and b`, `a, b and c`.
pub(super) fn listed(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
