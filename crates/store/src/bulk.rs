//! New rows of the hot path, in Postgres' binary format.
//!
//! Many go in by COPY, the cheapest way for each row. It waits for the server before the first byte and after the last, so a
//! few go in by one INSERT each instead, all of them sent at once; and these can be sent together with other statements, which
//! a COPY cannot: where a statement before it fails, the protocol loses its step.
//!
//! Neither has an ON CONFLICT. Whoever uses it has looked before what is there already; if another transaction was quicker
//! after all, the unique key says so and the batch starts again.

use std::error::Error;
use std::ops::Range;

use bytes::{BufMut, Bytes, BytesMut};
use deadpool_postgres::Transaction;
use futures_util::SinkExt;
use futures_util::future::try_join_all;
use tokio_postgres::CopyInSink;
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::StoreError;
use crate::sql::At;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0";
const NULL: i32 = -1;

/// How rows go in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    /// By one INSERT each, which may be sent together with other statements.
    Few,
    /// By one COPY, which must be alone.
    Many,
}

impl Amount {
    /// With four rows INSERTs are half as quick again, with eight still somewhat quicker, with sixteen slower by a third.
    const MOST_OF_FEW: usize = 8;

    /// That of a batch with as many rows in any table.
    pub(crate) fn of(rows: usize) -> Self {
        if rows <= Self::MOST_OF_FEW {
            Self::Few
        } else {
            Self::Many
        }
    }
}

/// The two statements that write rows of a table, with the columns in the same order.
pub(crate) struct Table {
    /// Of one row.
    pub(crate) insert: &'static str,
    /// FROM STDIN (FORMAT binary).
    pub(crate) copy: &'static str,
}

/// The statements of a table: its name, its columns, and a parameter for each column.
macro_rules! table {
    ($name:literal, $columns:literal, $parameters:literal) => {
        $crate::bulk::Table {
            insert: concat!(
                "INSERT INTO ",
                $name,
                " (",
                $columns,
                ") VALUES (",
                $parameters,
                ")"
            ),
            copy: concat!(
                "COPY ",
                $name,
                " (",
                $columns,
                ") FROM STDIN (FORMAT binary)"
            ),
        }
    };
}
pub(crate) use table;

/// Rows being put together. Each begins with [`Rows::row`], followed by its fields in the order of the columns.
pub(crate) struct Rows {
    out: BytesMut,
    fields: i16,
    rows: usize,
    amount: Amount,
    /// Where each field lies; of few rows only.
    places: Vec<Option<Range<usize>>>,
}

impl Rows {
    /// No rows yet, of `fields` fields each.
    pub(crate) fn of(fields: i16, expected: usize, amount: Amount) -> Self {
        let mut out = BytesMut::with_capacity(64 + expected * 512);
        out.put_slice(SIGNATURE);
        // No flags, no header extension.
        out.put_i64(0);
        Self {
            out,
            fields,
            rows: 0,
            amount,
            places: Vec::new(),
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
                self.place(None);
                self
            }
        }
    }

    fn length(&mut self, length: usize) {
        // A field beyond 2 GiB cannot come from a webhook of 3 MiB; if it did, Postgres would refuse the row.
        self.out.put_i32(i32::try_from(length).unwrap_or(i32::MAX));
        let start = self.out.len();
        self.place(Some(start..start + length));
    }

    fn place(&mut self, place: Option<Range<usize>>) {
        if self.amount == Amount::Few {
            self.places.push(place);
        }
    }

    /// Writes the rows.
    pub(crate) async fn write(self, tx: &Transaction<'_>, into: &Table) -> Result<(), StoreError> {
        match self.amount {
            _ if self.rows == 0 => Ok(()),
            Amount::Few => self.insert(tx, into.insert).await,
            Amount::Many => self.copy(tx, into.copy).await,
        }
    }

    async fn copy(mut self, tx: &Transaction<'_>, sql: &'static str) -> Result<(), StoreError> {
        self.out.put_i16(-1);
        let statement = tx.prepare_cached(sql).await?;
        let sink: CopyInSink<Bytes> = tx.copy_in(&statement).await?;
        let mut sink = std::pin::pin!(sink);
        sink.send(self.out.freeze()).await?;
        sink.finish().await?;
        Ok(())
    }

    async fn insert(self, tx: &Transaction<'_>, sql: &'static str) -> Result<(), StoreError> {
        let statement = tx.prepare_cached(sql).await?;
        let field = |range: &Option<Range<usize>>| Field(range.clone().map(|r| &self.out[r]));
        let fields: Vec<Field<'_>> = self.places.iter().map(field).collect();
        let rows = fields.chunks(usize::from(self.fields.unsigned_abs()));
        try_join_all(rows.map(|row| tx.execute_raw(&statement, row))).await?;
        Ok(())
    }
}

/// A field that is in Postgres' binary format already: that of COPY is that of parameters.
#[derive(Debug)]
struct Field<'r>(Option<&'r [u8]>);

impl ToSql for Field<'_> {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        let Some(bytes) = self.0 else {
            return Ok(IsNull::Yes);
        };
        out.put_slice(bytes);
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}
