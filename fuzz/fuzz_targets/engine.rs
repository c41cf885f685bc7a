#![no_main]

#[path = "../../tests/it/any_input/execution.rs"]
mod execution;
#[path = "../../tests/it/any_input/generate.rs"]
mod generate;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| execution::laws(bytes));
