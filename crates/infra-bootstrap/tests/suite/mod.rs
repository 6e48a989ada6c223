mod content;
mod examples;
mod expansion;
mod failures;
mod large;
mod life;
mod shared;
mod support;
