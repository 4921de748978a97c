//! Memory for what is looked at: large files wait for each other, however many threads
//! there are.

use std::sync::{Condvar, Mutex, PoisonError};

/// Room for so many bytes at once.
pub(crate) struct Room {
    all: u64,
    left: Mutex<u64>,
    freed: Condvar,
}

/// A part of it, which is free again with the end of this value.
pub(crate) struct Part<'r> {
    room: &'r Room,
    bytes: u64,
}

impl Room {
    pub(crate) fn of(bytes: u64) -> Self {
        Self {
            all: bytes,
            left: Mutex::new(bytes),
            freed: Condvar::new(),
        }
    }

    /// Waits until there is so much room. What needs more than all of it is alone.
    pub(crate) fn take(&self, bytes: u64) -> Part<'_> {
        let bytes = bytes.min(self.all);
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        while *left < bytes {
            left = self
                .freed
                .wait(left)
                .unwrap_or_else(PoisonError::into_inner);
        }
        *left -= bytes;
        Part { room: self, bytes }
    }
}

impl Drop for Part<'_> {
    fn drop(&mut self) {
        let mut left = self
            .room
            .left
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *left += self.bytes;
        self.room.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn threads_never_have_more_than_there_is() {
        let room = Room::of(10);
        let in_use = AtomicU64::new(0);
        thread::scope(|scope| {
            for bytes in [3, 4, 5, 6, 100, 1, 10, 2] {
                let (room, in_use) = (&room, &in_use);
                scope.spawn(move || {
                    for _ in 0..20 {
                        let _part = room.take(bytes);
                        let bytes = bytes.min(10);
                        let before = in_use.fetch_add(bytes, Ordering::SeqCst);
                        assert!(before + bytes <= 10, "{before} and {bytes}");
                        thread::sleep(Duration::from_micros(50));
                        in_use.fetch_sub(bytes, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(*room.left.lock().unwrap(), 10);
    }
}
