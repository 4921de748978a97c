//! Work on several things at once, with results as if done one by one.

use std::num::NonZero;
use std::sync::Mutex;
use std::thread;

/// Does the work for each item, on as many threads as there are cores. Results
/// come in the order of the items. Of several errors the first item's is given,
/// and after an error no more work is begun: which one it is depends on the items
/// alone, since all before it were begun and have succeeded.
pub(crate) fn in_order<T: Send, R: Send, E: Send>(
    items: Vec<T>,
    work: impl Fn(T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let cores = thread::available_parallelism().map_or(1, NonZero::get);
    let threads = cores.min(items.len());
    if threads < 2 {
        return items.into_iter().map(work).collect();
    }
    let waiting = Mutex::new(items.into_iter().enumerate());
    let work = || {
        let mut done = Vec::new();
        loop {
            let next = waiting.lock().ok().and_then(|mut items| items.next());
            let Some((index, item)) = next else { break };
            let result = work(item);
            if result.is_err()
                && let Ok(mut items) = waiting.lock()
            {
                items.by_ref().for_each(drop);
            }
            done.push((index, result));
        }
        done
    };
    let mut done: Vec<_> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .flat_map(|worker| {
                worker
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            })
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
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
}
