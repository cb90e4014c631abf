// Workers KV, as far as the Worker uses it. Whatever goes wrong in a read is a miss.

// A slower read is given up: the origin is asked instead.
const READ_TIMEOUT_MS = 400;

// An ArrayBuffer, or null where there is none, or undefined where KV fails or does not answer in time.
export function get(namespace, key) {
  if (!namespace) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, READ_TIMEOUT_MS);
    const end = (value) => {
      clearTimeout(timer);
      resolve(value);
    };
    namespace.get(key, "arrayBuffer").then(end, () => end());
  });
}

export function put(namespace, key, value, ttlSeconds) {
  return namespace.put(key, value, { expirationTtl: ttlSeconds });
}

export function remove(namespace, key) {
  return namespace.delete(key);
}
