//! Starting executions and following them: [`Follower`] turns history into events and knows neither time nor network,
//! [`follow()`] fetches the history and waits between polls.

mod express;
mod follow;
mod follower;
mod name;
mod pace;
pub mod testing;
mod token;

pub use express::{Express, run_all};
pub use follow::{Followed, follow, follow_all, follow_on};
pub use follower::{Follower, Outcome, Waiting};
pub use name::execution_name;
pub use pace::Pace;
