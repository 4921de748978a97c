//! Progress.

/// Is told of progress while files are fetched. Every method does nothing unless
/// it is overridden; they are called from several threads.
pub trait Reporter: Send + Sync {
    /// Packages without a source of their own come from this index (its URL
    /// without credentials), which `named_by` names.
    fn index_found(&self, index: &str, named_by: &str) {
        let _ = (index, named_by);
    }

    /// The user should know of something that does not stop the work, and has no part in
    /// its result.
    fn warned(&self, message: &str) {
        let _ = message;
    }

    /// The user may want to do something, and is told so once.
    fn noted(&self, message: &str) {
        let _ = message;
    }

    /// A file lies on this machine already, at `path`.
    fn found_locally(&self, file: &str, path: &str) {
        let _ = (file, path);
    }

    /// The index has yanked a file since it was locked; `reason` may be empty.
    fn file_yanked(&self, file: &str, reason: &str) {
        let _ = (file, reason);
    }

    /// `count` files have to be downloaded.
    fn downloads_planned(&self, count: usize) {
        let _ = count;
    }

    /// A download begins, or goes on after it broke off. `size` is what is still
    /// to come, in bytes, where it is known.
    fn download_started(&self, file: &str, size: Option<u64>) {
        let _ = (file, size);
    }

    /// `bytes` more of a file came in.
    fn download_progressed(&self, file: &str, bytes: u64) {
        let _ = (file, bytes);
    }

    /// A download failed in a way that may pass, and starts again.
    fn download_restarted(&self, file: &str, reason: &str) {
        let _ = (file, reason);
    }

    /// A package without a wheel is built by a program.
    fn build_started(&self, package: &str, frontend: &str) {
        let _ = (package, frontend);
    }

    /// A build said something.
    fn build_output(&self, package: &str, line: &str) {
        let _ = (package, line);
    }

    /// A build is done, and its wheel checked.
    fn build_finished(&self, package: &str, file: &str) {
        let _ = (package, file);
    }

    /// A file is complete and checked.
    fn download_finished(&self, file: &str) {
        let _ = file;
    }
}

/// Ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Reporter for Silent {}
