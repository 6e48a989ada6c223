mod examples;
mod expansion;
mod failures;
mod life;
mod support;
