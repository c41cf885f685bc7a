//! Code on disk that belongs to no function any more: of one that was deleted while it ran, or by a process that was killed.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Lambda, table};
use crate::local::store::StoreError;

/// Below the functions: what is being removed.
const TRASH: &str = ".removed";

impl Lambda {
    /// Removes the code of functions that are not there, but for those that still run.
    pub(super) fn remove_leftovers(&self) {
        let trash = self.inner.functions.join(TRASH);
        let mut found = false;
        for (region, folder) in folders(&self.inner.functions) {
            for (name, folder) in folders(&folder) {
                found |= self.take_away(&region, &name, &folder, &trash);
            }
        }
        if found {
            // What cannot be removed now is removed when the local cloud is opened again.
            let _ = fs::remove_dir_all(&trash);
        }
    }

    /// Removes what a process that was killed left. To be called before anything runs.
    pub(super) fn remove_leftovers_of_others(&self) {
        let _ = fs::remove_dir_all(self.inner.functions.join(TRASH));
        self.remove_leftovers();
    }

    /// Whether the folder was moved away. While the store is held, so that nobody makes a function of that name meanwhile and
    /// loses its code.
    fn take_away(&self, region: &str, name: &str, folder: &Path, trash: &Path) -> bool {
        let moved = self.inner.store.read(|at| {
            if table::function(at, region, name)?.is_some() || self.inner.executor.is_busy(region, name) {
                return Ok::<_, StoreError>(false);
            }
            let moved =
                fs::create_dir_all(trash).and_then(|()| fs::rename(folder, trash.join(self.inner.surroundings.uuid())));
            Ok(moved.is_ok())
        });
        moved.unwrap_or(false)
    }
}

/// The folders in a folder, with their names; not those of our own, which begin with a dot.
fn folders(of: &Path) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(of).into_iter().flatten().flatten();
    entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter_map(|entry| Some((entry.file_name().into_string().ok()?, entry.path())))
        .filter(|(name, _)| !name.starts_with('.'))
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::super::tests::{Bench, Fake};
    use super::*;
    use crate::local::store::Store;

    const FILES: &[(&str, &str)] = &[(
        "index.py",
        "import os, time\ndef handler(event, context):\n    open(event['here'], 'w').close()\n    \
         while not os.path.exists(event['until']): time.sleep(0.01)\n    return os.path.exists(__file__)",
    )];

    /// The names of what lies below the functions of the region.
    fn there(bench: &Bench) -> Vec<String> {
        let folder = bench.folder.path().join("functions/us-east-1");
        let mut names: Vec<String> = folders(&folder).into_iter().map(|(name, _)| name).collect();
        names.sort();
        names
    }

    async fn delete(bench: &Bench, name: &str) {
        let path = format!("/2015-03-31/functions/{name}");
        assert_eq!(bench.call("DELETE", &path, Value::Null).await.unwrap().0, 204);
    }

    #[tokio::test]
    async fn the_code_of_a_function_that_runs_stays_until_it_has_ended() {
        for may_end in [true, false] {
            let bench = Bench::new();
            for name in ["runs", "rests"] {
                bench
                    .create(name, "python3.12", "index.handler", FILES, json!({}))
                    .await;
            }
            let file = |name: &str| bench.folder.path().join(name);
            let event = json!({"here": file("here"), "until": file("until")});
            let meanwhile = async {
                while !file("here").exists() {
                    tokio::task::yield_now().await;
                }
                delete(&bench, "runs").await;
                delete(&bench, "rests").await;
                assert_eq!(there(&bench), ["runs"]);
                if may_end {
                    std::fs::write(file("until"), "").unwrap();
                } else {
                    crate::local::api::Service::close(&bench.lambda).await;
                    assert!(there(&bench).is_empty(), "{:?}", there(&bench));
                }
            };
            let (invoked, ()) = tokio::join!(bench.invoke("runs", event), meanwhile);
            if may_end {
                assert_eq!(invoked.payload, "true", "its code was there to the end");
            }
            crate::local::api::Service::close(&bench.lambda).await;
            assert!(there(&bench).is_empty(), "{:?}", there(&bench));
        }
    }

    #[tokio::test]
    async fn what_a_killed_process_left_goes_when_the_next_opens() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::in_memory().unwrap();
        let open = || Lambda::new(store.clone(), folder.path(), Arc::new(Fake::default())).unwrap();
        let bench = Bench {
            lambda: open(),
            surroundings: Arc::default(),
            folder: tempfile::tempdir().unwrap(),
        };
        bench
            .create("stays", "python3.12", "index.handler", FILES, json!({}))
            .await;
        let functions = folder.path().join("functions");
        for left in [
            "us-east-1/gone/0123",
            "us-east-1/gone/unpacking-1-2",
            "eu-west-1/stays/0123",
            ".removed/x",
        ] {
            fs::create_dir_all(functions.join(left)).unwrap();
            fs::write(functions.join(left).join("index.py"), "").unwrap();
        }
        drop(bench);
        let _next = open();
        let exists = |name: &str| functions.join(name).exists();
        assert!(exists("us-east-1/stays"));
        assert!(!exists("us-east-1/gone") && !exists("eu-west-1/stays") && !exists(".removed"));
    }
}
