-- Reports a run in one line that the bench reads. With a file behind `--`, asks for its lines in turn: a path, and
-- behind a blank the address of the client that asks, where it has one of its own.

local requests, next_request = {}, 0

local function formatted(line)
  local path, client = line:match("^(%S+) ?(.*)$")
  local headers = {}
  for name, value in pairs(wrk.headers) do headers[name] = value end
  if client ~= "" then headers["cf-connecting-ip"] = client end
  return wrk.format(nil, path, headers)
end

function init(arguments)
  if not arguments[1] then
    requests[1] = wrk.format()
    return
  end
  for line in io.lines(arguments[1]) do requests[#requests + 1] = formatted(line) end
end

function request()
  next_request = next_request % #requests + 1
  return requests[next_request]
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("report %d %d %d %d %d %d\n", summary.requests, summary.duration, errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
