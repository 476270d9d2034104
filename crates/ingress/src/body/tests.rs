use std::collections::VecDeque;
use std::convert::Infallible;
use std::task::{Context, Poll};

use http_body::{Frame, SizeHint};
use http_body_util::Full;

use super::*;

/// A body in given pieces that, like a chunked one, tells only afterwards that it is over.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

fn pieces(pieces: &[&'static str]) -> Pieces {
    Pieces(
        pieces
            .iter()
            .map(|piece| Bytes::from_static(piece.as_bytes()))
            .collect(),
    )
}

#[tokio::test]
async fn one_piece_is_not_copied() {
    let body = Bytes::from("whole".to_owned());
    let memory = Memory::new(0);
    let read_back = read(Full::new(body.clone()), 5, &memory).await.unwrap();
    assert_eq!(read_back.as_ptr(), body.as_ptr());
    let chunk = pieces(&["whole"]);
    let pointer = chunk.0[0].as_ptr();
    assert_eq!(read(chunk, 5, &memory).await.unwrap().as_ptr(), pointer);
}

#[tokio::test]
async fn pieces_are_joined_and_their_memory_given_back() {
    let memory = Memory::new(6);
    for _ in 0..3 {
        assert_eq!(
            read(pieces(&["ab", "", "cd", "ef"]), 6, &memory)
                .await
                .unwrap(),
            "abcdef"
        );
    }
    assert_eq!(read(pieces(&[]), 6, &memory).await.unwrap(), "");
}

#[tokio::test]
async fn each_limit_has_its_error() {
    let memory = Memory::new(4);
    assert_eq!(
        read(pieces(&["abcdefg"]), 6, &memory).await,
        Err(BodyError::TooLarge)
    );
    assert_eq!(
        read(pieces(&["abc", "defg"]), 6, &memory).await,
        Err(BodyError::TooLarge)
    );
    assert_eq!(
        read(pieces(&["abc", "def"]), 6, &memory).await,
        Err(BodyError::NoMemory)
    );
    assert_eq!(
        read(pieces(&["ab", "cd"]), 6, &memory).await.unwrap(),
        "abcd"
    );
}
