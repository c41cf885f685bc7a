//! Lists of objects as items: what `s3:listObjectsV2` gives, inventories, and manifests of Athena
//! ([Amazon S3 as a source](https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html)).

use serde_json::{Value, json};

use super::{ReadError, csv, malformed, text};

/// An object in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// The entity tag, with its quotation marks.
    pub etag: String,
    /// Its key.
    pub key: String,
    /// When it was last changed, in seconds since the epoch.
    pub last_modified: u64,
    /// Bytes.
    pub size: u64,
    /// E.g. `STANDARD`.
    pub storage_class: String,
}

/// An object as an item of a map run.
pub fn object_item(object: &Object) -> Value {
    json!({
        "Etag": object.etag,
        "Key": object.key,
        "LastModified": object.last_modified,
        "Size": object.size,
        "StorageClass": object.storage_class,
    })
}

/// The `manifest.json` of an inventory
/// ([S3 Inventory](https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-inventory-location.html)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inventory {
    /// The bucket its files are in, if it says so.
    pub bucket: Option<String>,
    /// The keys of its files, compressed CSV without a row of names.
    pub files: Vec<String>,
    columns: Vec<String>,
}

/// Reads the `manifest.json` of an inventory.
pub fn inventory(bytes: &[u8]) -> Result<Inventory, ReadError> {
    let value: Value = serde_json::from_slice(bytes).map_err(|problem| malformed("manifest", &problem))?;
    let missing = |member: &str| ReadError::Malformed {
        format: "manifest",
        problem: format!("it has no `{member}`"),
    };
    match value["fileFormat"].as_str() {
        Some("CSV") => {}
        Some(other) => {
            return Err(ReadError::Malformed {
                format: "manifest",
                problem: format!("files of the format {other} cannot be read here"),
            });
        }
        None => return Err(missing("fileFormat")),
    }
    let schema = value["fileSchema"].as_str().ok_or_else(|| missing("fileSchema"))?;
    let files = value["files"].as_array().ok_or_else(|| missing("files"))?;
    Ok(Inventory {
        bucket: value["destinationBucket"]
            .as_str()
            .map(|bucket| bucket.rsplit(':').next().unwrap_or(bucket).to_owned()),
        files: files
            .iter()
            .map(|file| file["key"].as_str().map(str::to_owned).ok_or_else(|| missing("key")))
            .collect::<Result<_, _>>()?,
        columns: schema.split(',').map(|column| column.trim().to_owned()).collect(),
    })
}

impl Inventory {
    /// The items in one of its files, uncompressed; at most so many.
    pub fn items(&self, bytes: &[u8], most: usize) -> Result<Vec<Value>, ReadError> {
        csv::items(text(bytes, "CSV")?, &csv::Layout::given(self.columns.clone()), most)
    }
}

/// Buckets and keys of the objects that a data manifest of Athena names, one on each line
/// ([data manifest](https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html)).
pub fn athena_objects(bytes: &[u8]) -> Result<Vec<(String, String)>, ReadError> {
    let object = |line: &str| {
        let (bucket, key) = line.trim().trim_matches('"').strip_prefix("s3://")?.split_once('/')?;
        Some((bucket.to_owned(), key.to_owned()))
    };
    text(bytes, "manifest")?
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            object(line).ok_or_else(|| ReadError::Malformed {
                format: "manifest",
                problem: format!("`{line}` does not name an object"),
            })
        })
        .collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn objects_of_a_listing() {
        let object = Object {
            etag: "\"e\"".to_owned(),
            key: "k".to_owned(),
            last_modified: 7,
            size: 12,
            storage_class: "STANDARD".to_owned(),
        };
        assert_eq!(
            object_item(&object),
            json!({"Etag": "\"e\"", "Key": "k", "LastModified": 7, "Size": 12, "StorageClass": "STANDARD"})
        );
    }

    #[test]
    fn inventories() {
        let manifest = json!({
            "destinationBucket": "arn:aws:s3:::inventories",
            "fileFormat": "CSV",
            "fileSchema": "Bucket, Key, Size",
            "files": [{"key": "a.csv.gz", "size": 1, "MD5checksum": "x"}],
        });
        let found = inventory(manifest.to_string().as_bytes()).unwrap();
        assert_eq!(found.bucket.as_deref(), Some("inventories"));
        assert_eq!(found.files, ["a.csv.gz"]);
        assert_eq!(
            found.items(b"\"b\",\"k\",\"3\"\n\"b\",\"l\",\"4\"\n", 1).unwrap(),
            [json!({"Bucket": "b", "Key": "k", "Size": "3"})]
        );
        for (change, problem) in [
            ("fileFormat", "it has no `fileFormat`"),
            ("fileSchema", "it has no `fileSchema`"),
            ("files", "it has no `files`"),
        ] {
            let mut manifest = manifest.clone();
            manifest.as_object_mut().unwrap().remove(change);
            let error = inventory(manifest.to_string().as_bytes()).unwrap_err();
            assert!(error.to_string().ends_with(problem), "{error}");
        }
        let mut parquet = manifest;
        parquet["fileFormat"] = "Parquet".into();
        assert!(inventory(parquet.to_string().as_bytes()).is_err());
    }

    #[test]
    fn manifests_of_athena() {
        let found = athena_objects(b"s3://b/k/1.csv\n\ns3://c/2\n").unwrap();
        assert_eq!(found, [("b".into(), "k/1.csv".into()), ("c".into(), "2".into())]);
        assert!(athena_objects(b"k/1.csv").is_err());
    }
}
