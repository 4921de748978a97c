//! Work on several items at once, with results as if done one by one.
//!
//! There are as many threads as cores, unless a caller wants fewer. Results come in the order of the items. After
//! an error no item behind the failed one is begun, while all before it are finished:
//! so which error is given depends on the items alone, not on which thread was faster.

use std::num::NonZero;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Which thread comes to which items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schedule {
    /// All threads take the items from the first to the last. For items that are
    /// sorted by how long they take.
    InOrder,
    /// Each thread begins in a part of its own, of items that follow each other;
    /// when its part is done, it helps with the others'. For neighbours that would
    /// get in each other's way.
    InParts,
}

/// Does the work for each item, and gives the results in the order of the items, or
/// the error of the first item that failed.
pub fn in_order<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    at_most(cores(), items, work)
}

/// The same on so many threads and no more: for work that waits for others.
pub fn at_most<T: Send, R: Send, E: Send>(
    threads: usize,
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let items: Vec<_> = items
        .into_iter()
        .map(|item| Mutex::new(Some(item)))
        .collect();
    let take = |item: &Mutex<Option<T>>| item.lock().ok().and_then(|mut item| item.take());
    let (results, _) = on_threads(
        threads.min(items.len()),
        &items,
        Schedule::InOrder,
        |_| Ok(()),
        // Each is taken once.
        |(), item| take(item).map(&work).transpose(),
    )?;
    Ok(results.into_iter().flatten().collect())
}

/// The same with something that each thread needs for its work, made by `start` from
/// the thread's number. Gives these too, by number; there are never more threads than
/// items.
pub fn with_state<T: Sync, S: Send, R: Send, E: Send>(
    items: &[T],
    schedule: Schedule,
    start: impl Fn(usize) -> Result<S, E> + Sync,
    work: impl Fn(&mut S, &T) -> Result<R, E> + Sync,
) -> Result<(Vec<R>, Vec<S>), E> {
    on_threads(cores().min(items.len()), items, schedule, start, work)
}

fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

fn on_threads<T: Sync, S: Send, R: Send, E: Send>(
    threads: usize,
    items: &[T],
    schedule: Schedule,
    start: impl Fn(usize) -> Result<S, E> + Sync,
    work: impl Fn(&mut S, &T) -> Result<R, E> + Sync,
) -> Result<(Vec<R>, Vec<S>), E> {
    let parts = match schedule {
        Schedule::InOrder => 1,
        Schedule::InParts => threads,
    };
    let queue = Queue::new(items.len(), parts);
    let worker = |number: usize| -> Worked<S, R, E> {
        let mut state = start(number).map_err(|error| {
            queue.stop_at(0);
            (0, error)
        })?;
        let mut done = Vec::new();
        while let Some(index) = queue.next(number) {
            let result = work(&mut state, &items[index]).map_err(|error| {
                queue.stop_at(index);
                (index, error)
            })?;
            done.push((index, result));
        }
        Ok((state, done))
    };
    let worked: Vec<_> = thread::scope(|scope| {
        let worker = &worker;
        let others: Vec<_> = (1..threads)
            // Where there can be no more, those that there are do the work.
            .map_while(|number| {
                let thread = thread::Builder::new();
                thread.spawn_scoped(scope, move || worker(number)).ok()
            })
            .collect();
        // This thread works too.
        let own = (threads > 0).then(|| worker(0));
        let others = others.into_iter().map(|other| {
            other
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        own.into_iter().chain(others).collect()
    });
    collect(worked)
}

/// What one thread gives: its state and its results by index, or an error and the
/// index of the item that failed.
type Worked<S, R, E> = Result<(S, Vec<(usize, R)>), (usize, E)>;

fn collect<S, R, E>(worked: Vec<Worked<S, R, E>>) -> Result<(Vec<R>, Vec<S>), E> {
    let mut states = Vec::with_capacity(worked.len());
    let mut results = Vec::new();
    let mut first: Option<(usize, E)> = None;
    for worked in worked {
        match worked {
            Ok((state, done)) => {
                states.push(state);
                results.extend(done);
            }
            Err((index, error)) => {
                if first.as_ref().is_none_or(|(first, _)| index < *first) {
                    first = Some((index, error));
                }
            }
        }
    }
    if let Some((_, error)) = first {
        return Err(error);
    }
    results.sort_unstable_by_key(|(index, _)| *index);
    let results = results.into_iter().map(|(_, result)| result).collect();
    Ok((results, states))
}

/// Hands out the indices of items, each once.
struct Queue {
    parts: Vec<Part>,
    /// The first item that failed: it and those behind it are not begun.
    stop: AtomicUsize,
}

struct Part {
    next: AtomicUsize,
    end: usize,
}

impl Queue {
    fn new(items: usize, parts: usize) -> Self {
        let share = items.div_ceil(parts.max(1));
        let part = |number| Part {
            next: AtomicUsize::new(number * share),
            end: items.min((number + 1) * share),
        };
        Self {
            parts: (0..parts).map(part).collect(),
            stop: AtomicUsize::new(items),
        }
    }

    /// An index out of the part of this thread, or of one that comes after it.
    fn next(&self, thread: usize) -> Option<usize> {
        let count = self.parts.len();
        (0..count).find_map(|skipped| {
            let part = &self.parts[(thread + skipped) % count];
            let index = part.next.fetch_add(1, Ordering::Relaxed);
            let end = part.end.min(self.stop.load(Ordering::Relaxed));
            (index < end).then_some(index)
        })
    }

    fn stop_at(&self, index: usize) {
        self.stop.fetch_min(index, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_are_in_order_and_the_first_error_wins() {
        let slow_first = |number: u64| {
            thread::sleep(Duration::from_millis(20 - number));
            Ok::<_, u64>(number * 2)
        };
        let doubled = in_order((0..20).collect(), slow_first).unwrap();
        assert!(doubled.into_iter().eq((0..20).map(|number| number * 2)));

        for _ in 0..20 {
            let failing = |number: u64| {
                thread::sleep(Duration::from_millis(10 - number));
                if number < 3 { Ok(()) } else { Err(number) }
            };
            assert_eq!(in_order((0..10).collect(), failing), Err(3));
        }
    }

    #[test]
    fn without_items_there_is_no_work() {
        assert_eq!(in_order(vec![], |(): ()| Err::<(), _>("begun")), Ok(vec![]));
        let start = |_| Err::<(), _>("started");
        let work = |(): &mut (), (): &()| Ok(());
        let done = with_state(&[], Schedule::InParts, start, work);
        assert_eq!(done, Ok((vec![], vec![])));
    }

    /// Both schedules, with fewer, as many and more threads than there are items.
    fn each_way(mut check: impl FnMut(usize, Schedule)) {
        for schedule in [Schedule::InOrder, Schedule::InParts] {
            for threads in [1, 2, 3, 7, 10, 12] {
                check(threads, schedule);
            }
        }
    }

    #[test]
    fn every_item_is_worked_on_once_with_the_state_of_a_thread() {
        let items: Vec<usize> = (0..10).collect();
        each_way(|threads, schedule| {
            let (results, states) = on_threads(
                threads,
                &items,
                schedule,
                |number| Ok::<_, ()>((number, Vec::new())),
                |(_, seen), item| {
                    seen.push(*item);
                    Ok(item * 2)
                },
            )
            .unwrap();
            assert!(results.into_iter().eq((0..10).map(|item| item * 2)));
            assert!(states.iter().map(|(number, _)| *number).eq(0..threads));
            let mut seen: Vec<usize> = states.into_iter().flat_map(|(_, seen)| seen).collect();
            seen.sort_unstable();
            assert_eq!(seen, items);
        });
    }

    #[test]
    fn the_first_item_that_fails_is_told_whoever_was_faster() {
        let items: Vec<u64> = (0..10).collect();
        each_way(|threads, schedule| {
            let work = |(): &mut (), item: &u64| {
                thread::sleep(Duration::from_millis(10 - item));
                if item % 4 == 3 { Err(*item) } else { Ok(()) }
            };
            let done = on_threads(threads, &items, schedule, |_| Ok(()), work);
            assert_eq!(done.unwrap_err(), 3);
        });
    }

    #[test]
    fn after_an_error_nothing_behind_it_is_begun() {
        let queue = Queue::new(9, 3);
        assert_eq!(queue.next(2), Some(6));
        queue.stop_at(4);
        queue.stop_at(5);
        let rest: Vec<_> = std::iter::from_fn(|| queue.next(1)).collect();
        assert_eq!(rest, [3, 0, 1, 2]);
    }

    #[test]
    fn a_thread_begins_in_its_part_and_helps_with_those_after_it() {
        let queue = Queue::new(7, 3);
        let order: Vec<_> = std::iter::from_fn(|| queue.next(1)).collect();
        assert_eq!(order, [3, 4, 5, 6, 0, 1, 2]);
        let queue = Queue::new(3, 1);
        let threads = [1, 0, 2].map(|thread| queue.next(thread));
        assert_eq!(threads, [Some(0), Some(1), Some(2)]);
    }

    #[test]
    fn what_cannot_be_started_ends_the_work() {
        let start = |number| if number == 1 { Err("full") } else { Ok(()) };
        let work = |(): &mut (), (): &()| {
            thread::sleep(Duration::from_millis(2));
            Ok(())
        };
        let done = on_threads(2, &[(); 10], Schedule::InOrder, start, work);
        assert_eq!(done.unwrap_err(), "full");
    }

    #[test]
    fn a_panic_is_handed_on() {
        let work = |item: usize| {
            assert!(item != 9, "the ninth");
            Ok::<_, ()>(())
        };
        let panic = std::panic::catch_unwind(|| in_order((0..10).collect(), work)).unwrap_err();
        assert_eq!(panic.downcast_ref::<&str>(), Some(&"the ninth"));
    }

    /// With as many cores as this machine has.
    #[test]
    fn threads_are_no_more_than_items() {
        let start = |number| Ok::<_, ()>(number);
        let (_, states) = with_state(&[()], Schedule::InParts, start, |_, ()| Ok(())).unwrap();
        let states: BTreeSet<usize> = states.into_iter().collect();
        assert_eq!(states, BTreeSet::from([0]));
    }
}
