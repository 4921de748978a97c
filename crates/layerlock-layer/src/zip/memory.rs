//! How much memory files take that are compressed as a whole, all threads and layers together.

use std::sync::{Condvar, Mutex, PoisonError};

/// What all of them may take beside the largest.
const ROOM: u64 = 32 << 20;

static IN_USE: Memory = Memory::new();

/// Memory that is in use until this value is dropped.
#[derive(Debug)]
pub(super) struct Use<'m> {
    memory: &'m Memory,
    bytes: u64,
}

/// Waits until there is room for so many bytes. The largest always has it.
pub(super) fn take(bytes: u64) -> Use<'static> {
    IN_USE.take(bytes)
}

#[derive(Debug)]
struct Memory {
    uses: Mutex<Vec<u64>>,
    freed: Condvar,
}

impl Memory {
    const fn new() -> Self {
        Self {
            uses: Mutex::new(Vec::new()),
            freed: Condvar::new(),
        }
    }

    fn take(&self, bytes: u64) -> Use<'_> {
        let uses = self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.freed.wait_while(uses, |uses| !has_room(uses, bytes));
        waited.unwrap_or_else(PoisonError::into_inner).push(bytes);
        Use {
            memory: self,
            bytes,
        }
    }
}

/// Whether all but the largest fit into the room.
fn has_room(uses: &[u64], bytes: u64) -> bool {
    let all = uses.iter().sum::<u64>() + bytes;
    let largest = uses.iter().copied().fold(bytes, u64::max);
    all - largest <= ROOM
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        let mut uses = self
            .memory
            .uses
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = uses.iter().position(|bytes| *bytes == self.bytes) {
            uses.swap_remove(place);
        }
        drop(uses);
        self.memory.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_largest_has_room_and_others_share_what_is_left() {
        assert!(has_room(&[], 1 << 40));
        assert!(has_room(&[1 << 40], ROOM));
        assert!(!has_room(&[1 << 40], ROOM + 1));
        assert!(has_room(&[ROOM], 1 << 40));
        assert!(!has_room(&[ROOM, 1], 1 << 40));
    }

    #[test]
    fn who_has_no_room_waits_for_it() {
        let memory = Memory::new();
        let in_use = AtomicU64::new(0);
        let most = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let _use = memory.take(ROOM + 1);
                    let now = in_use.fetch_add(1, Ordering::SeqCst) + 1;
                    most.fetch_max(now, Ordering::SeqCst);
                    thread::sleep(Duration::from_millis(5));
                    in_use.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.into_inner(), 1);
        assert!(memory.uses.into_inner().unwrap().is_empty());
    }
}
