// What is done in the browser. Each returns what it saw; judging is the Rust side's.

// The demo shop: all its cards, then the price of one.
export async function shop(page, { url, products, title }) {
  await page.goto(url);
  const cards = page.locator("#products article");
  await cards.nth(products - 1).waitFor();
  const prices = await cards.locator(".price").allTextContents();
  const card = cards.filter({ has: page.getByRole("heading", { name: title, exact: true }) }).first();
  await card.getByRole("button").click();
  await card.locator(".sources li").first().waitFor();
  return {
    title: await page.title(),
    summary: await page.locator("#summary").textContent(),
    prices,
    price: await card.locator(".price").textContent(),
    known: await card.locator(".known").textContent(),
    sources: await card.locator(".sources li").allTextContents(),
    supporting: await card.locator(".sources li.supports").allTextContents(),
  };
}

// A page of another origin asks the API, with credentials, as a storefront does.
export async function allowed(page, { url, edge }) {
  await page.goto(url);
  return page.evaluate(async (edge) => {
    const ask = async (path, options) => {
      const response = await fetch(edge + path, { credentials: "include", ...options });
      const header = (name) => response.headers.get(name);
      return {
        status: response.status,
        cache: header("x-cache"),
        id: header("x-correlation-id"),
        age: header("age"),
        timing: header("server-timing"),
        body: await response.json(),
      };
    };
    const json = { "content-type": "application/json", "x-correlation-id": "from-the-browser" };
    return {
      first: await ask("/api/products?test=browser"),
      second: await ask("/api/products?test=browser"),
      price: await ask("/api/price", { method: "POST", headers: json, body: JSON.stringify({ product_id: "1" }) }),
    };
  }, edge);
}

// A page that is not on the list: the browser must keep every answer from it.
export async function stranger(page, { url, edge }, faults) {
  await page.goto(url);
  const outcome = await page.evaluate(async (edge) => {
    const ask = (path, options) =>
      fetch(edge + path, { credentials: "include", ...options }).then(
        (response) => `read ${response.status}`,
        (error) => error.name,
      );
    const headers = { "content-type": "application/json" };
    return {
      get: await ask("/api/products?test=stranger"),
      hit: await ask("/api/products?test=stranger"),
      post: await ask("/api/price", { method: "POST", headers, body: '{"product_id":"2"}' }),
    };
  }, edge);
  // The refusals, which are wanted here.
  return { ...outcome, refusals: faults.splice(0) };
}
