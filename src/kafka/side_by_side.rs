//! Work on a batch whose records belong to many: each one's in order, different ones' at the same time.

use std::{collections::HashMap, future::Future};

use futures::{StreamExt, stream};

/// Works on items that come with whom they belong to; on those of at most `at_a_time` owners at the same time.
pub async fn side_by_side<T, F>(
    items: impl IntoIterator<Item = (String, T)>,
    at_a_time: usize,
    work: impl Fn(T) -> F,
) where
    F: Future<Output = ()>,
{
    let mut by_owner: HashMap<String, Vec<T>> = HashMap::new();
    for (owner, item) in items {
        by_owner.entry(owner).or_default().push(item);
    }
    stream::iter(by_owner.into_values())
        .for_each_concurrent(at_a_time, |items| async {
            for item in items {
                work(item).await;
            }
        })
        .await;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Mutex;

    use super::*;

    #[tokio::test]
    async fn each_ones_items_keep_their_order_and_nobody_waits_for_another() {
        let done = Mutex::new(Vec::new());
        let (first_of_b, b_began) = tokio::sync::oneshot::channel::<()>();
        let (first_of_b, b_began) = (Mutex::new(Some(first_of_b)), tokio::sync::Mutex::new(Some(b_began)));
        let items = [("a", 1), ("a", 2), ("b", 1), ("b", 2)];
        side_by_side(items.map(|(owner, number)| (owner.to_owned(), (owner, number))), 2, |item| {
            let (done, first_of_b, b_began) = (&done, &first_of_b, &b_began);
            async move {
                match item {
                    // It can end only if b's first is worked on meanwhile.
                    ("a", 1) => b_began.lock().await.take().unwrap().await.unwrap(),
                    ("b", 1) => first_of_b.lock().unwrap().take().unwrap().send(()).unwrap(),
                    _ => {}
                }
                done.lock().unwrap().push(item);
            }
        })
        .await;
        let done = done.into_inner().unwrap();
        for owner in ["a", "b"] {
            let numbers: Vec<i32> =
                done.iter().filter(|(of, _)| *of == owner).map(|(_, number)| *number).collect();
            assert_eq!(numbers, [1, 2], "{owner}");
        }
    }
}
