//! Whoever listens hears of a mandate.

use std::future::poll_fn;
use std::time::Duration;

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
