"use strict";

const make = (name, text, className) => {
  const element = document.createElement(name);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
};

const table = (rows) => {
  const element = make("table");
  for (const cells of rows) {
    const row = element.insertRow();
    for (const cell of cells) row.insertCell().textContent = cell ?? "";
  }
  return element;
};

const json = (value) => make("pre", JSON.stringify(value, null, 2));

// "ProductsList", "integer", "string or null": enough to read a table; the whole schema stands below.
const kind = (schema) => {
  if (!schema) return "";
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.oneOf) return schema.oneOf.map(kind).join(" or ");
  return [schema.type].flat().join(" or ");
};

const operation = (method, path, about) => {
  const details = make("details");
  const summary = make("summary");
  summary.append(make("span", method.toUpperCase(), "method"), make("code", path));
  summary.append(make("span", ` ${about.summary}${about.security ? " 🔒" : ""}`, "muted"));
  details.append(summary);
  if (about.parameters.length) {
    details.append(make("h4", "Parameters"));
    details.append(table(about.parameters.map((p) => [p.name, p.in, kind(p.schema), p.description])));
  }
  if (about.requestBody) {
    details.append(make("h4", "Body"), json(about.requestBody.content["application/json"].schema));
  }
  details.append(make("h4", "Answers"));
  const answers = Object.entries(about.responses);
  details.append(table(answers.map(([status, answer]) => {
    const [type, content] = Object.entries(answer.content ?? {})[0] ?? [];
    return [status, answer.description, kind(content?.schema), type];
  })));
  return details;
};

const show = (api, main) => {
  main.replaceChildren(make("h1", `${api.info.title} ${api.info.version}`), make("p", api.info.description));
  for (const [path, methods] of Object.entries(api.paths)) {
    for (const [method, about] of Object.entries(methods)) main.append(operation(method, path, about));
  }
  main.append(make("h2", "Schemas"));
  for (const [name, schema] of Object.entries(api.components.schemas)) {
    const details = make("details");
    details.append(make("summary", name), json(schema));
    main.append(details);
  }
  main.removeAttribute("aria-busy");
};

const main = document.getElementById("reference");
fetch("/openapi.json")
  .then((answer) => answer.json())
  .then((api) => show(api, main))
  .catch((error) => main.replaceChildren(make("p", `The document cannot be read: ${error}`)));
