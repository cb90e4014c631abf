-- The rule of shared/src/rate once more: three sliding windows, all or nothing, for one client or for several who pay
-- together. tests/vectors/rate/steps.json holds both to the same answers.
--
-- KEYS: the clients. ARGV: now, in milliseconds since 1970, or '' for this server's clock; 'spend', 'look' or 'reset';
-- the cost; then of each client its limits a minute, an hour and a day.
--
-- Of each client 11 integers: 0 admitted, 1 refused or 2 too costly; milliseconds to wait; the window for which it
-- waits so long (0 to 2); those it does not fit into (bits); what is used of each; in how many milliseconds there is
-- more of each; how long ago it was reset, -1 for never, or for a time that this server's clock has yet to reach again.
--
-- What is kept of a client: {newest, reset_at, ring, ring, ring}, a ring being {} or {first bucket, its count, ...},
-- of which neither the first count nor the last is 0.

local BUCKET_MS = { 1000, 60000, 900000 }
local FULL = { 60, 60, 96 }
local END_OF_TIME = 4294967000000
-- For so long what was spent before a reset could count at a replica that has not heard of it.
local RESET_MS = 97 * 900000
-- For so long a clock that steps back is noticed of a client of whom nothing counts.
local IDLE_MS = 60000

local function clock()
  if ARGV[1] ~= '' then
    return tonumber(ARGV[1])
  end
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

local now, mode, cost = clock(), ARGV[2], tonumber(ARGV[3])

local function limit(client, window)
  return tonumber(ARGV[client * 3 + window])
end

local function leaves_at(window, bucket)
  return (bucket + FULL[window] + 1) * BUCKET_MS[window]
end

local function until_then(at)
  return math.max(at - now, 0)
end

local function sum(ring)
  local total = 0
  for place = 2, #ring do
    total = total + ring[place]
  end
  return total
end

local function without_before(ring, oldest)
  if #ring == 0 or ring[1] >= oldest then
    return ring
  end
  local place = 2 + oldest - ring[1]
  while ring[place] == 0 do
    place = place + 1
  end
  if place > #ring then
    return {}
  end
  local rest = { ring[1] + place - 2 }
  for at = place, #ring do
    rest[#rest + 1] = ring[at]
  end
  return rest
end

-- No bucket is behind the last: a client's time never goes back.
local function add(ring, bucket)
  if #ring == 0 then
    ring[1] = bucket
  end
  for missing = #ring, bucket - ring[1] + 1 do
    ring[missing + 1] = 0
  end
  ring[#ring] = ring[#ring] + cost
end

local function read(key)
  local kept = redis.call('GET', key)
  local state = kept and cmsgpack.unpack(kept) or { 0, 0, {}, {}, {} }
  local at = math.max(math.min(math.max(now, 0), END_OF_TIME), state[1])
  state[1] = at
  for window = 1, 3 do
    local oldest = math.max(math.floor(at / BUCKET_MS[window]) - FULL[window], 0)
    state[window + 2] = without_before(state[window + 2], oldest)
  end
  return state
end

local function write(key, state)
  local ends = math.max(state[1] + IDLE_MS, state[2] > 0 and state[2] + RESET_MS or 0)
  for window = 1, 3 do
    local ring = state[window + 2]
    if #ring > 0 then
      ends = math.max(ends, leaves_at(window, ring[1] + #ring - 2))
    end
  end
  redis.call('SET', key, cmsgpack.pack(state), 'PX', ends - now)
end

-- The first four of the integers.
local function verdict(client, state)
  local too_costly, violated, fits_at, longest = 0, 0, 0, 0
  for window = 1, 3 do
    local ring, most = state[window + 2], limit(client, window)
    local excess = sum(ring) + cost - most
    local bit = 2 ^ (window - 1)
    if cost > most then
      too_costly = too_costly + bit
    elseif cost > 0 and excess > 0 then
      violated = violated + bit
      local place = 2
      while excess > ring[place] do
        excess = excess - ring[place]
        place = place + 1
      end
      local leaves = leaves_at(window, ring[1] + place - 2)
      if leaves > fits_at then
        fits_at, longest = leaves, window - 1
      end
    end
  end
  if too_costly > 0 then
    return { 2, 0, 0, too_costly }
  elseif violated > 0 then
    return { 1, until_then(fits_at), longest, violated }
  end
  return { 0, 0, 0, 0 }
end

local states, verdicts, is_admitted = {}, {}, true
for client, key in ipairs(KEYS) do
  local state = read(key)
  if mode == 'reset' then
    state = { math.min(math.max(now, 0), END_OF_TIME), now, {}, {}, {} }
  end
  states[client], verdicts[client] = state, verdict(client, state)
  is_admitted = is_admitted and verdicts[client][1] == 0
end

local told = {}
for client, key in ipairs(KEYS) do
  local state = states[client]
  if mode == 'spend' and is_admitted and cost > 0 then
    for window = 1, 3 do
      add(state[window + 2], math.floor(state[1] / BUCKET_MS[window]))
    end
  end
  if mode ~= 'look' then
    write(key, state)
  end
  for _, number in ipairs(verdicts[client]) do
    told[#told + 1] = number
  end
  for window = 1, 3 do
    told[#told + 1] = sum(state[window + 2])
  end
  for window = 1, 3 do
    local ring = state[window + 2]
    told[#told + 1] = #ring > 0 and until_then(leaves_at(window, ring[1])) or 0
  end
  told[#told + 1] = state[2] > 0 and now >= state[2] and now - state[2] or -1
end
return told
