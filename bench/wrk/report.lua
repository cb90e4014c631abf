-- Reports a run in one line that the bench reads. With a file behind `--`, asks for its lines in turn.

local paths, next_path = {}, 0

function init(arguments)
  if arguments[1] then
    for line in io.lines(arguments[1]) do paths[#paths + 1] = line end
  end
end

function request()
  if #paths == 0 then return wrk.format() end
  next_path = next_path % #paths + 1
  return wrk.format(nil, paths[next_path])
end

function done(summary, latency)
  local errors = summary.errors
  local broken = errors.connect + errors.read + errors.write + errors.timeout
  io.write(string.format("report %d %d %d %d %d %d\n", summary.requests, summary.duration, errors.status, broken,
    latency:percentile(50), latency:percentile(99)))
end
