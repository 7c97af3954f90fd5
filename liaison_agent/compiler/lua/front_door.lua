-- Who is let in, to what, and which route that is. Every request that passes the key check comes here once.
--
-- The body is read as strict JSON, because a parser that is more lenient than the provider's own could be shown one model
-- while the provider sees another: a second "model" (also spelled with escapes or other capitals), text behind the
-- object, comments. Numbers are stepped over as text, so their size does not matter. Bytes are compared one by one where
-- a pattern would read better, because LuaJIT compiles the one and not the other.
--
-- Waiting for the body ends the life of every object that was taken from the handle before, hence `state_of` so often.

local byte, char, find, gsub, lower, match, sub =
  string.byte, string.char, string.find, string.gsub, string.lower, string.match, string.sub

local CHAT, MODELS = '/v1/chat/completions', '/v1/models'
local TYPE = 'envoy.string'
local DEEPEST = 512        -- levels of nesting
local LONGEST_NAME = 1024  -- bytes of a model's name: 256 signs of four bytes each
local FAR = 2 ^ 52         -- behind the end of every body

local function state_of(handle) return handle:streamInfo():filterState() end

-- --- strict JSON ----------------------------------------------------------------------------------------------------

local ESCAPES = { [34] = '"', [92] = '\\', [47] = '/', [98] = '\b', [102] = '\f', [110] = '\n', [114] = '\r', [116] = '\t' }
local LITERALS = { [102] = 'false', [110] = 'null', [116] = 'true' }

-- The first position from i on that holds no whitespace, and what it holds; nil at the end.
local function solid(s, i)
  local c = byte(s, i)
  while c == 32 or c == 10 or c == 13 or c == 9 do
    i = i + 1
    c = byte(s, i)
  end
  return i, c
end

-- A function that, given where a string opens, tells where it closes and whether it holds escapes; nil when it is broken.
-- The next quote and the next backslash are each looked for once, whatever the strings' length.
local function string_reader(s)
  local quote, slash = 0, 0
  return function(open)
    local i, escaped = open + 1, false
    while true do
      if quote < i then quote = find(s, '"', i, true) or FAR end
      if slash < i then slash = find(s, '\\', i, true) or FAR end
      if quote == FAR then return nil end
      if quote < slash then return quote, escaped end
      escaped = true
      local c = byte(s, slash + 1)
      if c == 117 then
        if not find(s, '^%x%x%x%x', slash + 2) then return nil end
        i = slash + 6
      elseif ESCAPES[c] then
        i = slash + 2
      else
        return nil
      end
    end
  end
end

-- The first position from i on that holds no digit.
local function past_digits(s, i)
  local c = byte(s, i)
  while c and c >= 48 and c <= 57 do
    i = i + 1
    c = byte(s, i)
  end
  return i
end

-- Where the number that begins at i is over; nil when there is none.
local function past_number(s, i)
  if byte(s, i) == 45 then i = i + 1 end
  local after = past_digits(s, i)
  if after == i or (byte(s, i) == 48 and after > i + 1) then return nil end
  if byte(s, after) == 46 then
    i = after + 1
    after = past_digits(s, i)
    if after == i then return nil end
  end
  local c = byte(s, after)
  if c ~= 101 and c ~= 69 then return after end
  i = after + 1
  c = byte(s, i)
  if c == 43 or c == 45 then i = i + 1 end
  after = past_digits(s, i)
  return after > i and after or nil
end

local function utf8(code)
  if code < 0x80 then return char(code) end
  if code < 0x800 then return char(0xC0 + math.floor(code / 64), 0x80 + code % 64) end
  if code < 0x10000 then
    return char(0xE0 + math.floor(code / 4096), 0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
  end
  return char(0xF0 + math.floor(code / 262144), 0x80 + math.floor(code / 4096) % 64,
    0x80 + math.floor(code / 64) % 64, 0x80 + code % 64)
end

-- What a string literal means. Halves of a surrogate pair are joined; one alone means nothing.
local function decoded(raw)
  local text = gsub(raw, '\\(.)(%x?%x?%x?%x?)', function(c, digits)
    if c == 'u' then return utf8(tonumber(digits, 16)) end
    return ESCAPES[byte(c)] .. digits
  end)
  text = gsub(text, '\237([\160-\175])([\128-\191])\237([\176-\191])([\128-\191])', function(a, b, c, d)
    local high = (byte(a) - 160) * 64 + byte(b) - 128
    local low = (byte(c) - 176) * 64 + byte(d) - 128
    return utf8(0x10000 + high * 1024 + low)
  end)
  return (gsub(text, '\237[\160-\191][\128-\191]', '\239\191\189'))
end

-- What may come next, while a body is read.
local START, KEY, KEY_OR_END, VALUE, VALUE_OR_END, COMMA, OVER = 1, 2, 3, 4, 5, 6, 7

-- First and last position of the model's name as written and what it means; or nil and the code of what is wrong.
local function read_model(s)
  local string_end = string_reader(s)
  local depth, objects = 0, {}
  local names, spelled, here, first, last, escaped, wrong = 0, false, false, nil, nil, false, false
  local expect = START
  local p, c = solid(s, 1)
  while c do
    local i
    if expect == COMMA then
      i = p + 1
      if c == 44 then
        expect = objects[depth] and KEY or VALUE
      elseif c == (objects[depth] and 125 or 93) then
        depth = depth - 1
        expect = depth == 0 and OVER or COMMA
      else
        return nil, 'invalid_json'
      end
    elseif expect == KEY or expect == KEY_OR_END then
      if c == 34 then
        local e, has_escapes = string_end(p)
        if not e then return nil, 'invalid_json' end
        here = false
        if depth == 1 and e - p >= 6 and e - p <= 31 then
          local key = sub(s, p + 1, e - 1)
          if has_escapes then key = decoded(key) end
          if key == 'model' then here, spelled = true, true end
          if #key == 5 and lower(key) == 'model' then names = names + 1 end
        end
        local colon, sign = solid(s, e + 1)
        if sign ~= 58 then return nil, 'invalid_json' end
        expect, i = VALUE, colon + 1
      elseif c == 125 and expect == KEY_OR_END then
        depth = depth - 1
        expect, i = depth == 0 and OVER or COMMA, p + 1
      else
        return nil, 'invalid_json'
      end
    elseif expect == OVER or (expect == START and c ~= 123) then
      return nil, 'invalid_json'
    elseif c == 93 and expect == VALUE_OR_END then
      depth = depth - 1
      expect, i = COMMA, p + 1
    else
      if here and c ~= 34 then wrong = true end
      if c == 34 then
        local e, has_escapes = string_end(p)
        if not e then return nil, 'invalid_json' end
        if here then first, last, escaped = p + 1, e - 1, has_escapes end
        expect, i = COMMA, e + 1
      elseif c == 123 or c == 91 then
        depth = depth + 1
        if depth > DEEPEST then return nil, 'invalid_json' end
        objects[depth] = c == 123
        expect, i = c == 123 and KEY_OR_END or VALUE_OR_END, p + 1
      elseif LITERALS[c] then
        i = p + #LITERALS[c]
        if sub(s, p, i - 1) ~= LITERALS[c] then return nil, 'invalid_json' end
        expect = COMMA
      else
        i = past_number(s, p)
        if not i then return nil, 'invalid_json' end
        expect = COMMA
      end
      here = false
    end
    p, c = solid(s, i)
  end
  if expect ~= OVER then return nil, 'invalid_json' end
  if names > 1 then return nil, 'duplicate_model' end
  if wrong then return nil, 'invalid_model' end
  if not spelled or last < first then return nil, 'missing_model' end
  local raw = sub(s, first, last)
  return first, last, escaped and decoded(raw) or raw
end

-- --- answers --------------------------------------------------------------------------------------------------------

-- Whether the consumer has a scope, and the card of the model whose route was chosen, if any. `metadata` is what makes
-- Envoy look the route up; it does so once a request, so this is asked when it matters and not before.
local function look_into_scope(handle)
  handle:clearRouteCache()
  local card = handle:metadata():get('card')
  return handle:virtualHost():metadata():get('known'), card
end

local function answer(handle, status, body, extra)
  local headers = { [':status'] = status, ['content-type'] = 'application/json' }
  for name, value in pairs(extra or {}) do headers[name] = value end
  handle:respond(headers, body)
end

-- Only constants are written into errors, so nothing needs escaping.
local function fail(handle, status, code, message, param, extra)
  local kind = status == '500' and 'server_error' or 'invalid_request_error'
  local named = param and '"' .. param .. '"' or 'null'
  answer(handle, status, '{"error":{"message":"' .. message .. '","type":"' .. kind .. '","param":' .. named ..
    ',"code":"' .. code .. '"}}', extra)
end

local function lock_out(handle) fail(handle, '401', 'invalid_api_key', 'Incorrect API key provided.') end

-- Whoever has no scope learns that and nothing else.
local function refuse(handle, ...)
  if not look_into_scope(handle) then return lock_out(handle) end
  fail(handle, ...)
end

-- --- the request ----------------------------------------------------------------------------------------------------

local REFUSALS = {
  invalid_json = { 'The body is not a JSON object.' },
  duplicate_model = { 'The body names its model more than once.', 'model' },
  invalid_model = { 'The model must be a string.', 'model' },
  missing_model = { 'The body names no model.', 'model' },
}

-- The route of a model: the key that the consumer's routes are looked up by. A name that none can have, so that it has
-- no route, is cut to what is safe to show.
local function choose_model(state, name)
  local shown = name
  if #name > LONGEST_NAME or find(name, '%c') then
    shown = gsub(gsub(sub(name, 1, LONGEST_NAME), '%c', '?'), '[\192-\255][\128-\191]*$', '')
  end
  state:set('agentrouter.model', TYPE, shown)
  state:set('agentrouter.route', TYPE, shown == name and 'chat:' .. name or 'none')
end

local function chat(handle, headers, query)
  local encoding = headers:get('content-encoding')
  if encoding and encoding ~= 'identity' then
    return refuse(handle, '415', 'unsupported_content_encoding', 'The body must not be compressed.')
  end
  local body = handle:body()
  local length = body and body:length() or 0
  if length == 0 then return refuse(handle, '400', 'invalid_json', 'The body is empty; it should be a JSON object.') end
  local first, last, model = read_model(body:getBytes(0, length))
  if not first then
    local why = REFUSALS[last]
    return refuse(handle, '400', last, why[1], why[2])
  end
  local state = state_of(handle)
  choose_model(state, model)
  state:set('agentrouter.span', TYPE, first .. ':' .. last .. query)
  handle:clearRouteCache()
end

local function percent_decoded(text)
  return (gsub(text, '%%(%x%x)', function(digits) return char(tonumber(digits, 16)) end))
end

-- The consumer's routes answer what this does not: the list of its models, or that there is no such model.
local function models(handle, state, name)
  if not name then
    state:set('agentrouter.route', TYPE, 'models')
    return handle:clearRouteCache()
  end
  choose_model(state, percent_decoded(name))
  local known, card = look_into_scope(handle)
  if not known then return lock_out(handle) end
  if card then answer(handle, '200', card) end
end

local function enter(handle)
  local headers, state = handle:headers(), state_of(handle)
  local path, query = headers:get(':path') or '', ''
  local mark = find(path, '?', 1, true)
  if mark then path, query = sub(path, 1, mark - 1), sub(path, mark) end
  local name = path ~= CHAT and match(path, '^/v1/models/(.+)$')
  local wanted = path == CHAT and 'POST' or (path == MODELS or name) and 'GET'
  state:set('agentrouter.consumer', TYPE, headers:get('x-consumer') or '')
  if not wanted then return refuse(handle, '404', 'not_found', 'There is nothing at this address.') end
  state:set('agentrouter.endpoint', TYPE, name and MODELS or path)
  if headers:get(':method') ~= wanted then
    return refuse(handle, '405', 'method_not_allowed', 'This address takes ' .. wanted .. ' only.', nil, { allow = wanted })
  end
  if path == CHAT then return chat(handle, headers, query) end
  return models(handle, state, name)
end

-- Envoy lets a request pass whose script fails; this one must not.
function envoy_on_request(handle)
  local fine, problem = pcall(enter, handle)
  if not fine then
    handle:logErr('front door: ' .. tostring(problem))
    fail(handle, '500', 'internal_error', 'The gateway could not read this request.')
  end
end
