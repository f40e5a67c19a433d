//! Who calls: a person by a signed token, or a part of the network itself without one. Every service checks it again, whatever a page did.

mod caller;
mod check;
mod token;
mod token_keys;

pub use caller::{Caller, caller};
pub use check::CheckedCaller;
pub use token::{Purpose, TokenSigner};
pub use token_keys::{TokenKey, TokenKeys};
