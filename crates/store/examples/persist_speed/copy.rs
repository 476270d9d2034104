//! The measure: the same rows by binary COPY, one transaction a batch.

use std::error::Error;
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{BufMut, BytesMut};
use futures_util::future::try_join_all;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::{IsNull, ToSql, Type, accepts, to_sql_checked};
use tokio_postgres::{Client, NoTls};
use uuid::Uuid;

use crate::made::Made;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The tables of the store without their unlogged and small companions, indexes included.
pub(crate) async fn prepare(url: &str) -> Result<()> {
    let client = connect(url).await?;
    client
        .batch_execute(
            "CREATE TABLE copy_messages (LIKE messages INCLUDING ALL);
             CREATE TABLE copy_statuses (LIKE message_statuses INCLUDING ALL);
             CREATE TABLE copy_webhooks (LIKE webhooks INCLUDING ALL)",
        )
        .await?;
    Ok(())
}

pub(crate) async fn run(url: &str, made: &[Made], writers: usize) -> Result<()> {
    let next = AtomicUsize::new(0);
    let writer = || async {
        let mut client = connect(url).await?;
        while let Some(made) = made.get(next.fetch_add(1, Ordering::Relaxed)) {
            copy(&mut client, made).await?;
        }
        Ok::<(), Box<dyn Error>>(())
    };
    try_join_all((0..writers).map(|_| writer())).await?;
    Ok(())
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn copy(client: &mut Client, made: &Made) -> Result<()> {
    let tx = client.transaction().await?;
    let columns = "COPY copy_webhooks (id, received_at, body) FROM STDIN (FORMAT binary)";
    let types = [Type::UUID, Type::TIMESTAMPTZ, Type::BYTEA];
    let mut writer = pin!(BinaryCopyInWriter::new(tx.copy_in(columns).await?, &types));
    for (id, body) in &made.webhooks {
        writer
            .as_mut()
            .write(&[id, &made.received_at, body])
            .await?;
    }
    writer.finish().await?;

    let columns = "COPY copy_messages (id, direction, origin, waba_id, phone_number_id, wamid, type, contact_id, person_phone, person_bsuid, sent_at, received_at, request_id, payload) FROM STDIN (FORMAT binary)";
    let mut types = vec![Type::UUID];
    types.extend([const { Type::TEXT }; 6]);
    types.extend([
        Type::UUID,
        Type::TEXT,
        Type::TEXT,
        Type::TIMESTAMPTZ,
        Type::TIMESTAMPTZ,
        Type::UUID,
        Type::JSONB,
    ]);
    let mut writer = pin!(BinaryCopyInWriter::new(tx.copy_in(columns).await?, &types));
    for update in made.updates.iter().filter(|u| !u.is_status) {
        let row: [&(dyn ToSql + Sync); 14] = [
            &Uuid::now_v7(),
            &"in",
            &"live",
            &"1029384756",
            &"5550001",
            &update.wamid,
            &"text",
            &Uuid::now_v7(),
            &update.phone,
            &update.bsuid,
            &made.received_at,
            &made.received_at,
            &made.request_id,
            &Json(&update.payload),
        ];
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await?;

    let columns = "COPY copy_statuses (id, wamid, status, participant, waba_id, phone_number_id, recipient_id, at, request_id, payload, received_at) FROM STDIN (FORMAT binary)";
    let mut types = vec![Type::UUID];
    types.extend([const { Type::TEXT }; 6]);
    types.extend([
        Type::TIMESTAMPTZ,
        Type::UUID,
        Type::JSONB,
        Type::TIMESTAMPTZ,
    ]);
    let mut writer = pin!(BinaryCopyInWriter::new(tx.copy_in(columns).await?, &types));
    for update in made.updates.iter().filter(|u| u.is_status) {
        let row: [&(dyn ToSql + Sync); 11] = [
            &Uuid::now_v7(),
            &update.wamid,
            &"delivered",
            &"",
            &"1029384756",
            &"5550001",
            &update.phone,
            &made.received_at,
            &made.request_id,
            &Json(&update.payload),
            &made.received_at,
        ];
        writer.as_mut().write(&row).await?;
    }
    writer.finish().await?;
    tx.commit().await?;
    Ok(())
}

#[derive(Debug)]
struct Json<'a>(&'a str);

impl ToSql for Json<'_> {
    fn to_sql(
        &self,
        _: &Type,
        out: &mut BytesMut,
    ) -> std::result::Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.put_u8(1);
        out.put_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    accepts!(JSONB);
    to_sql_checked!();
}
