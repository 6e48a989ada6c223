//! [`in_parallel`]: several requests at a time, as many as the connections of a cluster allow.

use futures::StreamExt as _;
use futures::future::BoxFuture;

/// How many are under way at a time.
const AT_A_TIME: usize = 8;

/// Runs the futures, some at a time; gives their results in order.
pub(crate) async fn in_parallel<T>(futures: Vec<BoxFuture<'_, T>>) -> Vec<T> {
    futures::stream::iter(futures).buffered(AT_A_TIME).collect().await
}
