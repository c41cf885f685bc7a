//! Two doors on one folder: who owns it, how requests travel, how it is handed over.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use super::*;

fn options(folder: &Path) -> Options {
    Options {
        folder: folder.to_owned(),
        listen: "127.0.0.1:0".parse().unwrap(),
        mock_config: None,
    }
}

fn who_am_i() -> Request<Bytes> {
    Request::post("http://sts.us-east-1.amazonaws.com/")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from_static(b"Action=GetCallerIdentity&Version=2011-06-15"))
        .unwrap()
}

async fn check_answers(door: &LocalDoor) {
    let response = door.call(who_am_i()).await.unwrap();
    let body = String::from_utf8(response.body().to_vec()).unwrap();
    assert_eq!(response.status(), 200, "{body}");
    assert!(body.contains("<Account>000000000000</Account>"), "{body}");
}

fn address(door: &LocalDoor) -> SocketAddr {
    door.endpoint().strip_prefix("http://").unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_second_forwards_to_the_first_and_takes_over_when_it_closes() {
    let folder = tempfile::tempdir().unwrap();
    let first = LocalDoor::open(options(folder.path())).await.unwrap();
    let second = LocalDoor::open(options(folder.path())).await.unwrap();
    assert!(first.is_owner() && !second.is_owner());
    assert_eq!(first.endpoint(), second.endpoint());
    assert_eq!(second.owner_pid(), Some(std::process::id()));
    check_answers(&first).await;
    check_answers(&second).await;

    first.close().await;
    assert_eq!(first.call(who_am_i()).await.unwrap_err(), "the local cloud is closed");
    let (one, other) = (second.clone(), second.clone());
    tokio::join!(check_answers(&one), check_answers(&other));
    assert!(second.is_owner());

    let third = LocalDoor::open(options(folder.path())).await.unwrap();
    assert!(!third.is_owner());
    check_answers(&third).await;
}

#[tokio::test]
async fn an_owner_that_vanishes_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let first = LocalDoor::open(options(folder.path())).await.unwrap();
    let second = LocalDoor::open(options(folder.path())).await.unwrap();
    let address = address(&first);
    drop(first);
    while tokio::net::TcpStream::connect(address).await.is_ok() {}
    assert!(folder.path().join(ENDPOINT).exists(), "nobody tidied up");
    check_answers(&second).await;
    assert!(second.is_owner());
}

#[tokio::test]
async fn what_a_killed_owner_left_behind_misleads_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let stranger = TcpListener::bind("127.0.0.1:0").await.unwrap();
    std::fs::write(folder.path().join(lock::LOCK), r#"{"pid":1,"instance":"old"}"#).unwrap();
    write_endpoint(folder.path(), &url(stranger.local_addr().unwrap())).unwrap();
    let door = LocalDoor::open(options(folder.path())).await.unwrap();
    assert!(door.is_owner());
    check_answers(&door).await;
}

#[tokio::test]
async fn an_endpoint_that_is_not_the_owners_is_not_followed() {
    let folder = tempfile::tempdir().unwrap();
    let other = tempfile::tempdir().unwrap();
    let _owner = LocalDoor::open(options(folder.path())).await.unwrap();
    let stranger = LocalDoor::open(options(other.path())).await.unwrap();
    for url in [
        stranger.endpoint(),
        "http://192.0.2.1:80".to_owned(),
        "nonsense".to_owned(),
    ] {
        write_endpoint(folder.path(), &url).unwrap();
        assert!(find_owner(folder.path()).await.is_none(), "{url}");
    }
}

#[tokio::test]
async fn a_lost_connection_is_an_error_and_not_sent_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let accept = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        stream.readable().await.unwrap();
    });
    let error = forward::send(address, who_am_i()).await.unwrap_err();
    accept.await.unwrap();
    assert!(matches!(error, NoAnswer::Lost(_)), "{error:?}");
    let error = forward::send(address, who_am_i()).await.unwrap_err();
    assert!(matches!(error, NoAnswer::NotSent), "{error:?}");
}

#[tokio::test]
async fn a_given_port_needs_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let owner = LocalDoor::open(options(folder.path())).await.unwrap();
    let mut at_a_port = options(folder.path());
    at_a_port.listen.set_port(address(&owner).port());
    let error = LocalDoor::open(at_a_port.clone()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "the local cloud in {} is in use by process {}",
            folder.path().display(),
            std::process::id()
        )
    );
    owner.close().await;
    let served = LocalDoor::open(at_a_port.clone()).await.unwrap();
    assert_eq!(address(&served), at_a_port.listen);

    let elsewhere = tempfile::tempdir().unwrap();
    at_a_port.folder = elsewhere.path().to_owned();
    let error = LocalDoor::open(at_a_port).await.unwrap_err();
    assert!(matches!(error, OpenError::Listen { .. }), "{error}");
    let outside = Options {
        listen: "0.0.0.0:0".parse().unwrap(),
        ..options(elsewhere.path())
    };
    let error = LocalDoor::open(outside).await.unwrap_err();
    assert!(matches!(error, OpenError::NotLoopback(_)), "{error}");
}

#[tokio::test]
async fn reset_empties_only_a_folder_that_is_ours_and_free() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("cloud");
    assert!(!reset(&folder).unwrap());
    let door = LocalDoor::open(options(&folder)).await.unwrap();
    let error = reset(&folder).unwrap_err();
    assert!(error.to_string().contains("is in use by process"), "{error}");
    door.close().await;
    std::fs::create_dir_all(folder.join("code/sub")).unwrap();
    assert!(reset(&folder).unwrap());
    let left: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left, [lock::LOCK]);
    check_answers(&LocalDoor::open(options(&folder)).await.unwrap()).await;

    let foreign = tempfile::tempdir().unwrap();
    std::fs::write(foreign.path().join("thesis.tex"), "").unwrap();
    assert!(matches!(
        reset(foreign.path()),
        Err(ResetError::Folder(OpenError::Foreign(_)))
    ));
    let error = LocalDoor::open(options(foreign.path())).await.unwrap_err();
    assert!(matches!(error, OpenError::Foreign(_)), "{error}");
    assert!(foreign.path().join("thesis.tex").exists());
}
