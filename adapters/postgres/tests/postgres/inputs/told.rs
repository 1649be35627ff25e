//! Whoever listens hears of a mandate.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::time::Duration;

use ios012_core::PortfolioId;
use ios012_postgres::Told;
use tokio_postgres::{AsyncMessage, Client, NoTls};

use super::load::Inputs;

/// A connection that hands on what the server tells by itself.
async fn listener(
    inputs: &Inputs,
) -> (
    Client,
    tokio::sync::mpsc::UnboundedReceiver<(String, String)>,
) {
    let parameters = inputs.database.parameters();
    let (client, mut connection) = tokio_postgres::connect(&parameters, NoTls)
        .await
        .expect("a connection");
    let (tell, told) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Some(Ok(message)) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(note) = message {
                let _ = tell.send((note.channel().to_owned(), note.payload().to_owned()));
            }
        }
    });
    client
        .batch_execute("LISTEN ios012_mandate")
        .await
        .expect("it listens");
    (client, told)
}

#[test]
fn a_listener_hears_of_a_mandate_when_it_is_committed() {
    let inputs = Inputs::empty("one-cycle");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let (_listening, mut told) = listener(&inputs).await;
        let parameters = format!("{} user=postgres", inputs.database.parameters());
        let (mut writer, connection) = tokio_postgres::connect(&parameters, NoTls)
            .await
            .expect("a connection");
        tokio::spawn(connection);
        let insert = "INSERT INTO ios012_input.ios004_document (portfolio_id, as_of, valid_until, issuer)
            VALUES ('one-cycle', now(), now() + '1 day', 'ios-004')";

        let undone = writer.transaction().await.expect("a transaction");
        undone.batch_execute(insert).await.expect("a row");
        undone.rollback().await.expect("it is undone");
        let open = writer.transaction().await.expect("a transaction");
        open.batch_execute(insert).await.expect("a row");
        let early = tokio::time::timeout(Duration::from_millis(300), told.recv()).await;
        assert!(early.is_err(), "{early:?}");
        open.commit().await.expect("it is committed");
        let heard = tokio::time::timeout(Duration::from_secs(10), told.recv()).await;
        assert_eq!(
            heard.expect("in time"),
            Some(("ios012_mandate".to_owned(), "one-cycle".to_owned()))
        );
        // A change of the mandate is told too; its deletion is nothing to do.
        writer
            .batch_execute(
                "UPDATE ios012_input.ios004_document SET issuer = 'other'; DELETE FROM ios012_input.ios004_document",
            )
            .await
            .expect("it works");
        let heard = tokio::time::timeout(Duration::from_secs(10), told.recv()).await;
        assert!(heard.expect("in time").is_some());
        let more = tokio::time::timeout(Duration::from_millis(300), told.recv()).await;
        assert!(more.is_err(), "{more:?}");
    });
}

/// The reader's own connection listens before it reads, so nothing is missed between the two; and says so where it
/// is a new one.
#[test]
fn a_reader_waits_for_mandates() {
    let (inputs, _) = Inputs::one_cycle();
    let mut reader = inputs.reader().inputs;
    let portfolio_id = inputs.portfolio_id.parse().expect("an id");
    assert_eq!(
        reader.portfolios().expect("rows"),
        [PortfolioId::clone(&portfolio_id)]
    );
    let shortly = Duration::from_millis(100);
    assert_eq!(reader.wait(shortly).expect("waits"), Told::Anew);
    assert_eq!(reader.wait(shortly).expect("waits"), Told::Nothing);
    let change = "UPDATE ios012_input.ios004_document SET issuer = issuer";
    inputs.sql(change);
    drop(reader.snapshot(&portfolio_id).expect("a snapshot"));
    let told = Told::Of(BTreeSet::from([portfolio_id]));
    let long = Duration::from_secs(30);
    assert_eq!(reader.wait(long).expect("waits"), told);
    assert_eq!(reader.wait(shortly).expect("waits"), Told::Nothing);
    inputs.sql(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE application_name = 'ios012' AND pid <> pg_backend_pid()",
    );
    assert_eq!(reader.wait(long).expect("waits"), Told::Nothing);
    inputs.sql(change);
    assert_eq!(reader.wait(long).expect("waits"), Told::Anew);
    inputs.sql("INSERT INTO ios012_input.portfolio SELECT 'Upper Case', title, description, base_currency,
        opening_cash, signatures, roles_sha256, registry_version, constraints_version FROM ios012_input.portfolio");
    let refused = reader.portfolios().expect_err("no id");
    assert!(refused.to_string().contains("portfolio_id"), "{refused}");
}
