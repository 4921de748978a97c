//! What to do about libraries that many miss.

/// What to do about a library that is not there.
pub(super) fn missing(library: &str, path: &str) -> String {
    let begins = |start: &[&str]| start.iter().any(|start| library.starts_with(start));
    let is_desktop = begins(&[
        "libGL",
        "libgthread-2.0",
        "libglib-2.0",
        "libSM",
        "libX",
        "libICE",
    ]);
    if is_desktop && path.contains("cv2") || path.contains("opencv") {
        return "take opencv-python-headless in place of opencv-python".to_owned();
    }
    if begins(&["libpq."]) {
        return "take psycopg2-binary or psycopg[binary], whose wheels bring it".to_owned();
    }
    if begins(&["libodbc"]) {
        return "put unixODBC's libodbc and the driver for your database into lib/ of a layer"
            .to_owned();
    }
    if begins(&["libcuda.", "libnvidia-"]) {
        return "it is of a graphics card's driver, and functions have none: take the build for \
                the processor alone"
            .to_owned();
    }
    format!(
        "put {library} into lib/ of a layer, built on the runtime's own system, or take a release \
         of the package that brings it"
    )
}

/// What to do about a library that is in the container image alone.
pub(super) fn in_image_only(library: &str) -> String {
    format!("copy {library} from the image into lib/ of a layer")
}
