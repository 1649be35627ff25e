//! The statements, over a connection that is made anew after it was lost.

use ios012_core::PortfolioId;
use ios012_lineage::Hash;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row, Statement};

use crate::error::{SqlCode, was_lost};
use crate::session::{self, Session, Warned};
use crate::store::Access;
use crate::{ConnectionParameters, PostgresError, Settings};

/// The fence is the write: nothing is inserted unless the chain stands where the batch begins and its
/// fence is the writer's. As one statement it is one transaction, which no pause of the writer can hold open.
const APPEND: &str = "
    WITH fenced AS (
        UPDATE ios012.chain
        SET records = $5, head = $6,
            epoch = CASE WHEN $5 > records THEN $7 ELSE epoch END,
            documents = documents + cardinality($11::bytea[]),
            leased_until = clock_timestamp() + $13::bigint * interval '1 millisecond'
        WHERE portfolio_id = $1 AND fence = $2 AND records = $3 AND head = $4
        RETURNING documents - cardinality($11::bytea[]) AS first_place
    ), lines AS (
        INSERT INTO ios012.record_line (portfolio_id, seq, epoch, prev, record_hash, json)
        SELECT $1, $3 + line.place - 1, $7,
            lag(line.hash, 1, $4) OVER (ORDER BY line.place), line.hash, line.json
        FROM fenced, unnest($8::bytea[], $9::bytea[]) WITH ORDINALITY AS line (hash, json, place)
    ), texts AS (
        INSERT INTO ios012.document (portfolio_id, hash, json)
        SELECT $1, document.hash, document.json
        FROM fenced, unnest($11::bytea[], $12::bytea[]) AS document (hash, json)
        ON CONFLICT DO NOTHING
    ), pack AS (
        INSERT INTO ios012.pack_line (portfolio_id, place, kind, hash)
        SELECT $1, first_place + line.place - 1, line.kind, line.hash
        FROM fenced, unnest($10::text[], $11::bytea[]) WITH ORDINALITY AS line (kind, hash, place)
    )
    SELECT FROM fenced";

const STANDING: &str = "
    SELECT chain.fence, line.record_hash
    FROM ios012.chain
    LEFT JOIN ios012.record_line AS line
        ON line.portfolio_id = chain.portfolio_id AND line.seq = $2
    WHERE chain.portfolio_id = $1";

const ENTER: &str = "INSERT INTO ios012.chain (portfolio_id) VALUES ($1) ON CONFLICT DO NOTHING";

const ACQUIRE: &str = "
    UPDATE ios012.chain
    SET lease = lease + 1, fence = fence + 1,
        leased_until = clock_timestamp() + $2::bigint * interval '1 millisecond'
    WHERE portfolio_id = $1 AND leased_until <= clock_timestamp()
    RETURNING lease, fence, epoch, records, head";

/// A new fence under the same lease: an append that is still on its way is refused from here on.
const SETTLE: &str = "
    UPDATE ios012.chain
    SET fence = fence + 1, leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
    WHERE portfolio_id = $1 AND lease = $2
    RETURNING lease, fence, epoch, records, head";

const RENEW: &str = "
    UPDATE ios012.chain
    SET leased_until = clock_timestamp() + $3::bigint * interval '1 millisecond'
    WHERE portfolio_id = $1 AND lease = $2
    RETURNING lease, fence, epoch, records, head";

const RELEASE: &str = "
    UPDATE ios012.chain SET leased_until = '-infinity' WHERE portfolio_id = $1 AND lease = $2";

const CHAIN: &str = "
    SELECT lease, fence, epoch, records, head FROM ios012.chain WHERE portfolio_id = $1";

const LINES: &str = "
    SELECT seq, record_hash, json FROM ios012.record_line
    WHERE portfolio_id = $1 AND seq >= $2 ORDER BY seq LIMIT $3";

const DOCUMENTS: &str = "
    SELECT line.place, document.hash, document.json, line.kind
    FROM ios012.pack_line AS line
    JOIN ios012.document
        ON document.portfolio_id = line.portfolio_id AND document.hash = line.hash
    WHERE line.portfolio_id = $1 AND line.place >= $2 ORDER BY line.place LIMIT $3";

/// The row of a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChainRow {
    pub(crate) lease: i64,
    pub(crate) fence: i64,
    pub(crate) epoch: i64,
    pub(crate) records: i64,
    pub(crate) head: Hash,
}

/// What an append sends.
#[derive(Debug)]
pub(crate) struct Sent {
    pub(crate) portfolio_id: PortfolioId,
    pub(crate) fence: i64,
    pub(crate) epoch: i64,
    pub(crate) base: (i64, Hash),
    pub(crate) head: (i64, Hash),
    pub(crate) lines: Vec<u8>,
    /// Kind, hash and JSON.
    pub(crate) documents: Vec<(&'static str, Hash, String)>,
}

/// What is known of an append after it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reply {
    Appended,
    /// Nothing was written. The fence that holds, and the hash where the batch would have ended.
    Refused {
        fence: i64,
        last: Option<Hash>,
    },
    Lost,
}

/// One line of the record or the pack: place, hash, JSON, and of a document the kind.
pub(crate) type StoredLine = (i64, Hash, String, Option<String>);

/// A connection, or the means to make one. It knows no portfolio: whoever asks names its own.
#[derive(Debug)]
pub(crate) struct Link {
    parameters: ConnectionParameters,
    settings: Settings,
    access: Access,
    open: Option<Open>,
}

struct Open {
    client: Client,
    append: Statement,
    warned: Warned,
}

impl std::fmt::Debug for Open {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Open")
    }
}

impl Link {
    pub(crate) const fn new(
        parameters: ConnectionParameters,
        settings: Settings,
        access: Access,
    ) -> Self {
        Self {
            parameters,
            settings,
            access,
            open: None,
        }
    }

    /// Connects, unless there is a connection.
    pub(crate) async fn connect(&mut self) -> Result<(), PostgresError> {
        if self
            .open
            .as_ref()
            .is_some_and(|open| open.client.is_closed())
        {
            self.open = None;
        }
        if self.open.is_none() {
            let limit = self.settings.answer();
            let requires_standby = self.settings.requires_standby();
            let opening = session::open(&self.parameters, limit, self.access, requires_standby);
            let Session { client, warned, .. } = opening.await?;
            let append = tokio::time::timeout(limit, client.prepare(APPEND))
                .await
                .map_err(|_| late())?
                .map_err(|error| PostgresError::of(&error, self.access.role()))?;
            self.open = Some(Open {
                client,
                append,
                warned,
            });
        }
        Ok(())
    }

    pub(crate) async fn acquire(
        &mut self,
        portfolio: &PortfolioId,
    ) -> Result<Option<ChainRow>, PostgresError> {
        let (portfolio_id, lease) = (portfolio.as_str(), self.settings.lease_millis());
        self.rows(ENTER, &[&portfolio_id]).await?;
        self.chain_row(ACQUIRE, &[&portfolio_id, &lease]).await
    }

    pub(crate) async fn renew(
        &mut self,
        portfolio: &PortfolioId,
        lease: i64,
    ) -> Result<Option<ChainRow>, PostgresError> {
        let (portfolio_id, time) = (portfolio.as_str(), self.settings.lease_millis());
        self.chain_row(RENEW, &[&portfolio_id, &lease, &time]).await
    }

    pub(crate) async fn settle(
        &mut self,
        portfolio: &PortfolioId,
        lease: i64,
    ) -> Result<Option<ChainRow>, PostgresError> {
        let (portfolio_id, time) = (portfolio.as_str(), self.settings.lease_millis());
        self.chain_row(SETTLE, &[&portfolio_id, &lease, &time])
            .await
    }

    pub(crate) async fn release(
        &mut self,
        portfolio: &PortfolioId,
        lease: i64,
    ) -> Result<(), PostgresError> {
        let portfolio_id = portfolio.as_str();
        self.rows(RELEASE, &[&portfolio_id, &lease])
            .await
            .map(|_| ())
    }

    /// Nothing if nobody ever acquired the chain.
    pub(crate) async fn chain(
        &mut self,
        portfolio: &PortfolioId,
    ) -> Result<Option<ChainRow>, PostgresError> {
        let portfolio_id = portfolio.as_str();
        self.chain_row(CHAIN, &[&portfolio_id]).await
    }

    pub(crate) async fn lines(
        &mut self,
        portfolio: &PortfolioId,
        from: i64,
        most: i64,
    ) -> Result<Vec<StoredLine>, PostgresError> {
        let portfolio_id = portfolio.as_str();
        let rows = self.rows(LINES, &[&portfolio_id, &from, &most]).await?;
        rows.iter().map(|row| stored_line(row, false)).collect()
    }

    pub(crate) async fn documents(
        &mut self,
        portfolio: &PortfolioId,
        from: i64,
        most: i64,
    ) -> Result<Vec<StoredLine>, PostgresError> {
        let portfolio_id = portfolio.as_str();
        let rows = self.rows(DOCUMENTS, &[&portfolio_id, &from, &most]).await?;
        rows.iter().map(|row| stored_line(row, true)).collect()
    }

    /// Sends an append. An error means that nothing was written.
    pub(crate) async fn append(&mut self, sent: &Sent) -> Result<Reply, PostgresError> {
        self.connect().await?;
        let Some(open) = &self.open else {
            return Err(late());
        };
        let lines = split(&sent.lines)?;
        let hashes: Vec<&[u8]> = lines.iter().map(|line| &line.0.as_bytes()[..]).collect();
        let texts: Vec<&[u8]> = lines.iter().map(|line| line.1).collect();
        let documents = &sent.documents;
        let kinds: Vec<&str> = documents.iter().map(|document| document.0).collect();
        let names: Vec<&[u8]> = documents.iter().map(|one| &one.1.as_bytes()[..]).collect();
        let bodies: Vec<&[u8]> = documents.iter().map(|one| one.2.as_bytes()).collect();
        let portfolio_id = sent.portfolio_id.as_str();
        let (prev, head) = (&sent.base.1.as_bytes()[..], &sent.head.1.as_bytes()[..]);
        let time = self.settings.lease_millis();
        let parameters: [&(dyn ToSql + Sync); 13] = [
            &portfolio_id,
            &sent.fence,
            &sent.base.0,
            &prev,
            &sent.head.0,
            &head,
            &sent.epoch,
            &hashes,
            &texts,
            &kinds,
            &names,
            &bodies,
            &time,
        ];
        let asking = open.client.query(&open.append, &parameters);
        match tokio::time::timeout(self.settings.answer(), asking).await {
            // Whatever it says, another server need not have it.
            Ok(Ok(_)) if open.warned.take() => {
                self.open = None;
                Ok(Reply::Lost)
            }
            Ok(Ok(rows)) if !rows.is_empty() => Ok(Reply::Appended),
            Ok(Ok(_)) => self.refusal(&sent.portfolio_id, sent.head.0).await,
            Ok(Err(error)) if !was_lost(&error) => {
                Err(PostgresError::of(&error, self.access.role()))
            }
            Ok(Err(_)) | Err(_) => {
                self.open = None;
                Ok(Reply::Lost)
            }
        }
    }

    /// Why nothing was written. If that cannot be learned, the append counts as lost, which settling finds out.
    async fn refusal(
        &mut self,
        portfolio: &PortfolioId,
        records: i64,
    ) -> Result<Reply, PostgresError> {
        let portfolio_id = portfolio.as_str();
        let asked = self.rows(STANDING, &[&portfolio_id, &(records - 1)]).await;
        let Ok(rows) = asked else {
            return Ok(Reply::Lost);
        };
        let row = rows.first().ok_or(PostgresError::Damaged {
            what: "the row of the chain",
        })?;
        let last: Option<&[u8]> = row.get(1);
        Ok(Reply::Refused {
            fence: row.get(0),
            last: last.map(hash).transpose()?,
        })
    }

    async fn chain_row(
        &mut self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Option<ChainRow>, PostgresError> {
        let rows = self.rows(sql, parameters).await?;
        rows.first()
            .map(|row| {
                Ok(ChainRow {
                    lease: row.get(0),
                    fence: row.get(1),
                    epoch: row.get(2),
                    records: row.get(3),
                    head: hash(row.get(4))?,
                })
            })
            .transpose()
    }

    async fn rows(
        &mut self,
        sql: &'static str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Row>, PostgresError> {
        self.connect().await?;
        let Some(open) = &self.open else {
            return Err(late());
        };
        let asking = open.client.query(sql, parameters);
        let error = match tokio::time::timeout(self.settings.answer(), asking).await {
            Ok(Ok(rows)) if !open.warned.take() => return Ok(rows),
            Ok(Ok(_)) => PostgresError::Warned,
            Ok(Err(error)) if !was_lost(&error) => {
                return Err(PostgresError::of(&error, self.access.role()));
            }
            Ok(Err(error)) => PostgresError::of(&error, self.access.role()),
            Err(_) => late(),
        };
        self.open = None;
        Err(error)
    }
}

fn late() -> PostgresError {
    PostgresError::Unanswered {
        code: SqlCode::new("late"),
    }
}

fn hash(bytes: &[u8]) -> Result<Hash, PostgresError> {
    let bytes = bytes
        .try_into()
        .map_err(|_| PostgresError::Damaged { what: "a hash" })?;
    Ok(Hash::from_bytes(bytes))
}

fn stored_line(row: &Row, has_kind: bool) -> Result<StoredLine, PostgresError> {
    let text = std::str::from_utf8(row.get(2)).map_err(|_| PostgresError::Damaged {
        what: "a JSON text",
    })?;
    let kind = has_kind.then(|| row.get(3));
    Ok((row.get(0), hash(row.get(1))?, text.to_owned(), kind))
}

/// Hash and JSON of each line of a batch.
fn split(lines: &[u8]) -> Result<Vec<(Hash, &[u8])>, PostgresError> {
    let damaged = || PostgresError::Damaged { what: "a line" };
    let mut split = Vec::new();
    for line in lines.split_inclusive(|&byte| byte == b'\n') {
        let hash = line.get(..64).and_then(|hex| std::str::from_utf8(hex).ok());
        let hash = hash.and_then(|hex| hex.parse().ok()).ok_or_else(damaged)?;
        let json = line.get(65..line.len() - 1).ok_or_else(damaged)?;
        split.push((hash, json));
    }
    Ok(split)
}
