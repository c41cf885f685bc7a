//! A message that was accepted survives `kill -9`.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use nix::sys::signal::Signal;

use crate::env::Env;
use crate::processes::{PATIENCE, up};

/// A call of SNS, unsigned.
fn sns(endpoint: &str, parameters: &[(&str, &str)]) -> String {
    let form: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("Version", "2010-03-31")
        .extend_pairs(parameters)
        .finish();
    let mut stream = TcpStream::connect(endpoint.trim_start_matches("http://")).unwrap();
    write!(
        stream,
        "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: \
         {}\r\n\r\n{form}",
        form.len()
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    text.split_once(start).unwrap().1.split_once(end).unwrap().0
}

/// Gives the requests that come in with their connections: those that are not answered stay open.
fn endpoint() -> (String, mpsc::Receiver<(TcpStream, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (got, requests) = mpsc::channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut text = String::new();
            let mut buffer = [0; 4096];
            while !text.contains("\r\n\r\n") || !text.trim_end().ends_with('}') {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => text.push_str(&String::from_utf8_lossy(&buffer[..count])),
                }
            }
            if got.send((stream, text)).is_err() {
                return;
            }
        }
    });
    (url, requests)
}

fn accept(mut stream: TcpStream) {
    stream
        .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        .unwrap();
}

#[test]
fn the_next_process_delivers_what_was_published() {
    let env = Env::new();
    let (first, cloud) = up(&env);
    let (hook, requests) = endpoint();
    let made = sns(&cloud, &[("Action", "CreateTopic"), ("Name", "t")]);
    let topic = between(&made, "<TopicArn>", "</TopicArn>");
    let subscribe = [
        ("Action", "Subscribe"),
        ("TopicArn", topic),
        ("Protocol", "http"),
        ("Endpoint", &hook),
    ];
    sns(&cloud, &subscribe);
    let (stream, request) = requests.recv_timeout(PATIENCE).unwrap();
    accept(stream);
    let token = between(&request, "\"Token\" : \"", "\"");
    sns(
        &cloud,
        &[("Action", "ConfirmSubscription"), ("TopicArn", topic), ("Token", token)],
    );

    sns(
        &cloud,
        &[("Action", "Publish"), ("TopicArn", topic), ("Message", "approve me")],
    );
    // It is on its way, and the endpoint has not answered.
    let (_unanswered, request) = requests.recv_timeout(PATIENCE).unwrap();
    assert!(request.contains("approve me"), "{request}");
    first.send(Signal::SIGKILL);
    assert_eq!(first.code(), None);

    let (second, _) = up(&env);
    let (stream, request) = requests.recv_timeout(PATIENCE).unwrap();
    assert!(request.contains("approve me"), "{request}");
    accept(stream);
    second.send(Signal::SIGTERM);
    second.code();
}
