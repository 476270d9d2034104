//! The socket of one connection, with a few things added: it notes what it hears, it answers a head that never ends
//! with 408, it puts an id on hyper's own answers, and it closes gently after an error. Where that is asked for, it gives up
//! on a peer that takes nothing.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

use super::activity::Activity;
use crate::RequestId;
use crate::request_id::X_REQUEST_ID;

/// What an HTTP/2 client with prior knowledge, or one that agreed by ALPN, says first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub(super) struct Watched<I> {
    inner: I,
    activity: Arc<Activity>,
    // How much of the preface has been seen; None once it can't become one any more, or is complete.
    preface: Option<usize>,
    said_408: bool,
    write_timeout: Option<Duration>,
    // Set while the peer takes nothing, and left set when it has been given up.
    stalled: Option<Pin<Box<Sleep>>>,
}

impl<I> Watched<I> {
    pub(super) fn new(inner: I, activity: Arc<Activity>, write_timeout: Option<Duration>) -> Self {
        Self {
            inner,
            activity,
            preface: Some(0),
            said_408: false,
            write_timeout,
            stalled: None,
        }
    }

    // Given up is given up: whoever writes on after an error, as some WebSockets do, must not put something after a gap.
    fn given_up(&self) -> io::Result<()> {
        match &self.stalled {
            Some(stalled) if stalled.is_elapsed() => Err(io::ErrorKind::TimedOut.into()),
            _ => Ok(()),
        }
    }

    // How long a write may wait, if there is a limit.
    fn timed(
        &mut self,
        written: Poll<io::Result<usize>>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        match (written.is_pending(), self.write_timeout) {
            (true, Some(limit)) => {
                let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(limit)));
                ready!(stalled.as_mut().poll(cx));
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            _ => {
                self.stalled = None;
                written
            }
        }
    }

    fn sniff(&mut self, bytes: &[u8]) {
        let Some(seen) = self.preface else { return };
        let rest = &PREFACE[seen..];
        let length = rest.len().min(bytes.len());
        self.preface = match rest[..length] == bytes[..length] {
            false => None,
            true if length < rest.len() => Some(seen + length),
            true => {
                self.activity.multiplexed();
                None
            }
        };
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> Watched<I> {
    // hyper has no answer for a slow head, it only closes. One write: if the socket doesn't take these few bytes at
    // once, the peer doesn't read either.
    fn say_408(&mut self, cx: &mut Context<'_>) {
        if std::mem::replace(&mut self.said_408, true) || !self.activity.in_head() {
            return;
        }
        let answer = format!(
            "HTTP/1.1 408 Request Timeout\r\n{X_REQUEST_ID}: {}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            RequestId::new()
        );
        if Pin::new(&mut self.inner)
            .poll_write(cx, answer.as_bytes())
            .is_ready()
        {
            // A TLS stream holds the bytes back until the flush; a socket does nothing here.
            let _ = Pin::new(&mut self.inner).poll_flush(cx);
        }
    }

    // hyper answers a head that it can't parse (400, 431) itself, past every layer. That is the only 4xx written
    // while a head is due, and without an id its sender would have nothing to ask us about. Returns it with an id.
    fn with_id(&self, answer: &[u8]) -> Option<Vec<u8>> {
        if !self.activity.in_head() || !answer.starts_with(b"HTTP/1.1 4") {
            return None;
        }
        let has_id = answer
            .windows(X_REQUEST_ID.as_str().len())
            .any(|name| name == X_REQUEST_ID.as_str().as_bytes());
        let line = answer
            .windows(2)
            .position(|end| end == b"\r\n")
            .filter(|_| !has_id)?
            + 2;
        let id = format!("{X_REQUEST_ID}: {}\r\n", RequestId::new());
        Some([&answer[..line], id.as_bytes(), &answer[line..]].concat())
    }

    // Closing a socket with input unread resets the connection, and a reset can overtake the answer that is still
    // on its way: the peer would never learn why it was refused. So read on until it has finished. The watchdog
    // puts an end to it.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.activity.linger();
        let mut scratch = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scratch);
            match ready!(Pin::new(&mut self.inner).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => {}
                Ok(()) | Err(_) => return Poll::Ready(Ok(())),
            }
        }
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncRead for Watched<I> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.activity.head_expired() {
            self.say_408(cx);
            return Poll::Ready(Ok(()));
        }
        self.given_up()?;
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        let read = &buf.filled()[before..];
        if !read.is_empty() {
            self.activity.read();
            if self.preface.is_some() {
                self.sniff(read);
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl<I: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Watched<I> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.given_up()?;
        let Some(with_id) = self.with_id(buf) else {
            let written = Pin::new(&mut self.inner).poll_write(cx, buf);
            return self.timed(written, cx);
        };
        // A few bytes on a connection that has sent next to nothing: they go out whole, and then it is closed.
        ready!(Pin::new(&mut self.inner).poll_write(cx, &with_id))?;
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.activity.lingering() {
            ready!(Pin::new(&mut self.inner).poll_shutdown(cx))?;
            if !self.activity.refused() {
                return Poll::Ready(Ok(()));
            }
        }
        self.poll_linger(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match bufs {
            // hyper's own answers have no body, so they come alone.
            [only] => self.poll_write(cx, only),
            _ => {
                self.given_up()?;
                let written = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
                self.timed(written, cx)
            }
        }
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}
