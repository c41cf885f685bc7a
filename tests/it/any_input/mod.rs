//! Any input from outside: no panic, no stack overflow, bounded time and memory. `checks` and `execution` hold what must
//! hold; the targets in `fuzz/` use them as well.

mod bombs;
mod checks;
mod door;
mod execution;
mod generate;
mod grammar;
mod laws;
mod nesting;
