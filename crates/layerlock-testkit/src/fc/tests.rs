use super::asked::decoded;
use super::layers::crc64;
use super::*;

/// <https://reveng.sourceforge.io/crc-catalogue/17plus.htm#crc.cat.crc-64-xz>
#[test]
fn the_checksum_is_that_of_the_catalogue() {
    assert_eq!(crc64(b"123456789"), 11_051_210_869_376_104_954);
}

#[test]
fn who_signs_nothing_gets_nothing() {
    let mut state = State::new(FcAccount::default(), "127.0.0.1:1".to_owned());
    let message = |first: &str| Message {
        first: first.to_owned(),
        headers: Vec::new(),
        body: Vec::new(),
    };
    for first in [
        "GET /2023-03-30/layers/web/versions HTTP/1.1",
        "GET /2016-08-15/tempBucketToken HTTP/1.1",
        "PUT /layers/a.zip HTTP/1.1",
    ] {
        let message = message(first);
        let reply = state.answer(&Asked::new(&message));
        assert_eq!(reply.status, 403, "{first}");
    }
    assert!(state.layers.is_empty() && state.objects.is_empty());
}

#[test]
fn what_is_encoded_is_decoded() {
    assert_eq!(decoded("a%2Fb%20c%C3%BC"), "a/b cü");
    assert_eq!(decoded("100%"), "100%");
}
