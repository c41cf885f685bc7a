//! Executions of made-up definitions, to which made-up things happen.

use proptest::collection::vec;
use proptest::prelude::*;

use super::execution;

proptest! {
    #![proptest_config(ProptestConfig { max_shrink_iters: 2_000, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn executions_obey_their_laws(bytes in vec(any::<u8>(), 0..400)) {
        execution::laws(&bytes);
    }
}

#[test]
fn no_bytes_at_all_make_an_execution_too() {
    execution::laws(b"");
    for byte in 0..=u8::MAX {
        execution::laws(&[byte; 40]);
    }
}
