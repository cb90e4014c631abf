// All of a body as an ArrayBuffer; where it is longer than `max` bytes, a stream of it.
export async function upTo(body, max) {
  const reader = body.getReader();
  const chunks = [];
  let length = 0;
  while (length <= max) {
    const { done, value } = await reader.read();
    if (done) return new Blob(chunks).arrayBuffer();
    chunks.push(value);
    length += value.byteLength;
  }
  return new ReadableStream({
    async pull(controller) {
      if (chunks.length > 0) return controller.enqueue(chunks.shift());
      const { done, value } = await reader.read();
      return done ? controller.close() : controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
