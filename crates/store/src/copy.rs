//! Rows in Postgres' binary COPY format: the cheapest way in, and the one that all new rows of the hot path take.
//!
//! COPY knows no ON CONFLICT. Whoever uses it has looked before what is there already; if another transaction was quicker
//! after all, the unique key says so and the batch starts again.

use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::Transaction;
use futures_util::SinkExt;
use tokio_postgres::CopyInSink;
use uuid::Uuid;

use crate::StoreError;
use crate::sql::At;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const NULL: i32 = -1;

/// Rows being put together. Each begins with [`Rows::row`], followed by its fields in the order of the columns.
pub(crate) struct Rows {
    out: BytesMut,
    fields: i16,
    rows: usize,
}

impl Rows {
    /// No rows yet, of `fields` fields each.
    pub(crate) fn of(fields: i16, expected: usize) -> Self {
        let mut out = BytesMut::with_capacity(64 + expected * 512);
        out.put_slice(SIGNATURE);
        // No flags, no header extension.
        out.put_i64(0);
        Self {
            out,
            fields,
            rows: 0,
        }
    }

    pub(crate) fn row(&mut self) -> &mut Self {
        self.rows += 1;
        self.out.put_i16(self.fields);
        self
    }

    pub(crate) fn uuid(&mut self, id: Uuid) -> &mut Self {
        self.bytes(id.as_bytes())
    }

    pub(crate) fn opt_uuid(&mut self, id: Option<Uuid>) -> &mut Self {
        self.opt_bytes(id.as_ref().map(|id| id.as_bytes().as_slice()))
    }

    pub(crate) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(crate) fn opt_text(&mut self, text: Option<&str>) -> &mut Self {
        self.opt_bytes(text.map(str::as_bytes))
    }

    pub(crate) fn at(&mut self, at: At) -> &mut Self {
        self.bytes(&at.to_postgres().to_be_bytes())
    }

    pub(crate) fn opt_at(&mut self, at: Option<At>) -> &mut Self {
        let at = at.map(|at| at.to_postgres().to_be_bytes());
        self.opt_bytes(at.as_ref().map(<[u8; 8]>::as_slice))
    }

    pub(crate) fn i32(&mut self, number: i32) -> &mut Self {
        self.bytes(&number.to_be_bytes())
    }

    pub(crate) fn opt_i64(&mut self, number: Option<i64>) -> &mut Self {
        let number = number.map(i64::to_be_bytes);
        self.opt_bytes(number.as_ref().map(<[u8; 8]>::as_slice))
    }

    /// JSON text for a `jsonb` column: the version of its binary form, then the text.
    pub(crate) fn json(&mut self, json: &str) -> &mut Self {
        self.length(json.len() + 1);
        self.out.put_u8(1);
        self.out.put_slice(json.as_bytes());
        self
    }

    fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.length(bytes.len());
        self.out.put_slice(bytes);
        self
    }

    fn opt_bytes(&mut self, bytes: Option<&[u8]>) -> &mut Self {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => {
                self.out.put_i32(NULL);
                self
            }
        }
    }

    fn length(&mut self, length: usize) {
        // A field beyond 2 GiB cannot come from a webhook of 3 MiB; if it did, Postgres would refuse the row.
        self.out.put_i32(i32::try_from(length).unwrap_or(i32::MAX));
    }

    /// Sends the rows; `sql` is a COPY … FROM STDIN (FORMAT binary).
    pub(crate) async fn copy(
        mut self,
        tx: &Transaction<'_>,
        sql: &'static str,
    ) -> Result<(), StoreError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.out.put_i16(-1);
        let statement = tx.prepare_cached(sql).await?;
        let sink: CopyInSink<Bytes> = tx.copy_in(&statement).await?;
        let mut sink = std::pin::pin!(sink);
        sink.send(self.out.freeze()).await?;
        sink.finish().await?;
        Ok(())
    }
}
