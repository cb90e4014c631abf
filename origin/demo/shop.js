'use strict';
const list = document.getElementById('products');
const summary = document.getElementById('summary');
const more = document.getElementById('more');
let shown = 0;

const make = (tag, className, text) => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = text;
  return element;
};

// Rupees from paise by their digits: no float touches money, here neither.
const rupees = (paise) => {
  const digits = String(paise).padStart(3, '0');
  return '₹' + digits.slice(0, -2).replace(/\B(?=(\d\d)*\d\d\d$)/g, ',') + '.' + digits.slice(-2);
};

const ask = async (path, options) => {
  const response = await fetch(path, options);
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail || body.title);
  return body;
};

const priceOf = (product) => {
  if (product.display_paise !== null) return [rupees(product.display_paise), 'Lowest market price ' + rupees(product.last_known_paise)];
  if (product.last_known_paise > 0) return [rupees(product.last_known_paise), 'Last known market price'];
  return ['No price yet', ' '];
};

const card = (product) => {
  const element = make('article', '', '');
  const [price, known] = priceOf(product);
  const priceLine = make('p', 'price', price);
  const knownLine = make('p', 'known', known);
  const sources = make('ul', 'sources', '');
  const button = make('button', '', 'Compute price');
  button.type = 'button';
  button.addEventListener('click', async () => {
    button.disabled = true;
    sources.replaceChildren();
    try {
      await ask('/api/price', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ product_id: product.product_id }),
      });
      // The shop's answer may be some seconds old at the edge; a query of its own makes this one new.
      const now = await ask(`/api/products/${product.product_id}/price?at=${Date.now()}`);
      priceLine.textContent = '₹' + now.DISPLAY_PRICE.toFixed(2).replace(/\B(?=(\d\d)*\d\d\d\.)/g, ',');
      knownLine.textContent = `Lowest market price ${rupees(now.lowest_paise)}, margin ${now.margin_percent} %`;
      for (const source of now.all_sources) {
        const supports = now.supporting_adapters.includes(source.adapter);
        const line = make('li', supports ? 'supports' : '', '');
        line.append(make('span', '', source.adapter + (supports ? ' ✓ supports' : '')), make('span', '', rupees(source.paise)));
        sources.append(line);
      }
      if (now.all_sources.length === 0) sources.append(make('li', '', 'No source asked: the last known price stands in.'));
    } catch (error) {
      sources.append(make('li', 'fault', error.message));
    }
    button.disabled = false;
  });
  element.append(make('p', 'brand', product.brand || 'No brand'), make('h2', '', product.name), priceLine, knownLine, button, sources);
  return element;
};

const load = async (cursor) => {
  more.hidden = true;
  try {
    const path = cursor ? `/api/products?limit=60&cursor=${encodeURIComponent(cursor)}` : '/api/products?limit=60';
    const page = await ask(path);
    list.append(...page.PRODUCTS_LIST.map(card));
    shown += page.PRODUCTS_LIST.length;
    summary.textContent = `${shown} products${page.next_cursor ? ' so far' : ''}. Compute a price to see which marketplace supports it.`;
    more.hidden = !page.next_cursor;
    more.onclick = () => load(page.next_cursor);
  } catch (error) {
    summary.textContent = `The catalogue cannot be loaded: ${error.message}`;
  }
};

load();
