//! Admission webhooks: which ones a write concerns, what they are asked and what they answer.
//!
//! A webhook that is reached by URL is called. One that is a Service of the cluster is answered for: without the Service or
//! without a ready endpoint it cannot be reached, else it allows everything, as its emulated pod would.

mod call;
mod matching;
mod review;
