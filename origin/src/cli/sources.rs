//! `valora-origin sources check` and `valora-origin recompute`.

use crate::{
    app::AppState,
    clock::{Clock, Stopwatch},
    config::OriginConfig,
    sources::{Said, Source, SourceKind},
    store::{
        StoreError,
        products::{self, PageOf, StoredProduct},
    },
};
use std::error::Error;
use valora_shared::id::ProductId;

/// Products whose prices are recorded in one commit.
const BATCH: usize = 1_000;

/// Asks each source about one product and prints what it found; nothing is kept.
pub(super) async fn check(config: OriginConfig, id: String) -> Result<(), Box<dyn Error>> {
    let app = AppState::open(config, Clock::System).await?;
    let id = ProductId::parse(&id).map_err(|error| format!("the product id {error}"))?;
    let product = products::find(&mut *app.store.read().await?, &id).await?;
    let product = product.ok_or_else(|| format!("there is no product {id}"))?;
    if app.sources.iter().next().is_none() {
        return Err("there is no source; SOURCES_FILE names the file that declares them".into());
    }
    println!("{id}: {}", product.name);
    let mut failed = 0;
    for source in app.sources.iter() {
        let (line, is_failure) = line(source, &product).await;
        failed += usize::from(is_failure);
        println!("{line}");
    }
    app.store.close().await;
    if failed > 0 { Err(format!("{failed} of the sources failed").into()) } else { Ok(()) }
}

async fn line(source: &Source, product: &StoredProduct) -> (String, bool) {
    let (name, kind) = (&source.spec.name, source.spec.kind.name());
    let asked = match (&source.spec.kind, source.url(product)) {
        (SourceKind::Http(_), Some(url)) => format!(" {url}"),
        (SourceKind::Http(_), None) => {
            return (
                format!("  {name} ({kind}): not asked, the product lacks a field that its url names"),
                false,
            );
        }
        (SourceKind::Csv { file, .. }, _) => format!(" {}", file.display()),
        (SourceKind::Push, _) => return (format!("  {name} ({kind}): not asked, it tells by itself"), false),
    };
    let since = Stopwatch::start();
    let said = source.ask(product, None).await;
    let found = match &said {
        Ok(Said::Price(paise, _) | Said::Unchanged(paise)) => {
            format!(
                "{} with shipping, confidence {}/10000",
                paise.readable(),
                source.spec.confidence.ten_thousandths()
            )
        }
        Ok(Said::Nothing) => "no price for this product".to_owned(),
        Err(failure) => format!("failed: {failure}"),
    };
    (format!("  {name} ({kind}){asked}\n    {found} ({} ms)", since.elapsed().as_millis()), said.is_err())
}

/// Computes the price of every active product from what is known, asking nobody.
pub(super) async fn recompute(config: OriginConfig) -> Result<(), Box<dyn Error>> {
    let app = AppState::open(config, Clock::System).await?;
    let since = Stopwatch::start();
    let (mut computed, mut recorded, mut held) = (0, 0, 0);
    let mut of = PageOf::default();
    loop {
        let page = products::page(&mut *app.store.read().await?, &of, BATCH).await?;
        let Some(last) = page.last() else { break };
        of.after = Some(last.position);
        let ids: Vec<ProductId> = page.into_iter().map(|product| product.product_id).collect();
        let mut db = app.store.write().await?;
        let done = app.pricing.recompute(&mut db, &ids).await?;
        db.commit().await.map_err(StoreError::from)?;
        computed += done.computed;
        recorded += done.recorded;
        held += done.held;
    }
    let took = since.elapsed();
    println!(
        "Computed {computed} prices: {recorded} recorded, {held} held for a second look; {}.{:03} s",
        took.as_secs(),
        took.subsec_millis()
    );
    app.store.close().await;
    Ok(())
}
