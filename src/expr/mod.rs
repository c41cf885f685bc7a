//! Expressions of the States Language. JSONPath dialect: paths, reference paths, payload templates, intrinsic functions,
//! timestamps. JSONata dialect: [`jsonata`]. Pure.
//!
//! The path dialect is that of the Jayway library, which AWS uses; where it and [RFC 9535](https://www.rfc-editor.org/rfc/rfc9535)
//! differ, Jayway is followed. See [Amazon States Language: paths](https://states-language.net/spec.html#path).

mod budget;
mod digest;
mod filter;
mod filter_parse;
pub mod intrinsic;
pub mod jsonata;
pub mod path;
pub mod path_eval;
mod path_function;
mod path_parse;
mod random;
mod reader;
pub mod reference;
pub mod template;
pub mod timestamp;
