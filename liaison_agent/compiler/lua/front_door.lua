-- Who is let in, to what, and which route that is. Every request that passes the key check comes here once.
--
-- The body is read as strict JSON, because a parser that is more lenient than the provider's own could be shown one model
-- while the provider sees another: a second "model" (also spelled with escapes or other capitals), text behind the
-- object, comments. Numbers are stepped over as text, so their size does not matter.
--
-- Waiting for the body ends the life of every object that was taken from the handle before, hence `state_of` so often.

local byte, char, find, gsub, lower, match, sub =
  string.byte, string.char, string.find, string.gsub, string.lower, string.match, string.sub

local CHAT, MODELS = '/v1/chat/completions', '/v1/models'
local TYPE = 'envoy.string'
local DEEPEST = 512        -- levels of nesting
local LONGEST_NAME = 256   -- bytes of a model's name
local FAR = 2 ^ 52         -- behind the end of every body

local function answer(handle, status, body, extra)
  local headers = { [':status'] = status, ['content-type'] = 'application/json' }
  for name, value in pairs(extra or {}) do headers[name] = value end
  handle:respond(headers, body)
end

-- Only constants are written into errors, so nothing needs escaping.
local function refuse(handle, status, code, message, param, extra)
  local kind = status == '500' and 'server_error' or 'invalid_request_error'
  local named = param and '"' .. param .. '"' or 'null'
  answer(handle, status, '{"error":{"message":"' .. message .. '","type":"' .. kind .. '","param":' .. named ..
    ',"code":"' .. code .. '"}}', extra)
end

-- --- strict JSON ----------------------------------------------------------------------------------------------------

local SPACE_END = '[^ \t\r\n]'
local ESCAPES = { [34] = '"', [92] = '\\', [47] = '/', [98] = '\b', [102] = '\f', [110] = '\n', [114] = '\r', [116] = '\t' }
local LITERALS = { [102] = 'false', [110] = 'null', [116] = 'true' }

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

local function number_end(s, p)
  local _, e = find(s, '^-?[1-9]%d*', p)
  if not e then _, e = find(s, '^-?0', p) end
  if not e then return nil end
  local _, fraction = find(s, '^%.%d+', e + 1)
  e = fraction or e
  local _, exponent = find(s, '^[eE][+-]?%d+', e + 1)
  return exponent or e
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

-- First and last position of the model's name as written and what it means; or nil and the code of what is wrong.
local function read_model(s)
  local string_end = string_reader(s)
  local depth, objects = 0, {}
  local expect, i = 'start', 1
  local names, spelled, here, first, last, escaped, wrong = 0, false, false, nil, nil, false, false
  while true do
    local p = find(s, SPACE_END, i)
    if not p then break end
    local c = byte(s, p)
    i = p + 1
    if expect == 'comma' then
      if c == 44 then
        expect = objects[depth] and 'key' or 'value'
      elseif c == (objects[depth] and 125 or 93) then
        depth = depth - 1
        expect = depth == 0 and 'end' or 'comma'
      else
        return nil, 'invalid_json'
      end
    elseif expect == 'key' or expect == 'key or }' then
      if c == 34 then
        local e, has_escapes = string_end(p)
        if not e then return nil, 'invalid_json' end
        here = false
        if depth == 1 and e - p >= 6 and e - p <= 31 then
          local key = sub(s, p + 1, e - 1)
          if has_escapes then key = decoded(key) end
          if key == 'model' then here, spelled = true, true end
          if lower(key) == 'model' then names = names + 1 end
        end
        local colon = find(s, SPACE_END, e + 1)
        if not colon or byte(s, colon) ~= 58 then return nil, 'invalid_json' end
        expect, i = 'value', colon + 1
      elseif c == 125 and expect == 'key or }' then
        depth = depth - 1
        expect = depth == 0 and 'end' or 'comma'
      else
        return nil, 'invalid_json'
      end
    elseif expect == 'end' or (expect == 'start' and c ~= 123) then
      return nil, 'invalid_json'
    elseif c == 93 and expect == 'value or ]' then
      depth = depth - 1
      expect = 'comma'
    else
      if here and c ~= 34 then wrong = true end
      if c == 34 then
        local e, has_escapes = string_end(p)
        if not e then return nil, 'invalid_json' end
        if here then first, last, escaped = p + 1, e - 1, has_escapes end
        expect, i = 'comma', e + 1
      elseif c == 123 or c == 91 then
        depth = depth + 1
        if depth > DEEPEST then return nil, 'invalid_json' end
        objects[depth] = c == 123
        expect = c == 123 and 'key or }' or 'value or ]'
      elseif LITERALS[c] then
        local e = p + #LITERALS[c]
        if sub(s, p, e - 1) ~= LITERALS[c] then return nil, 'invalid_json' end
        expect, i = 'comma', e
      else
        local e = number_end(s, p)
        if not e then return nil, 'invalid_json' end
        expect, i = 'comma', e + 1
      end
      here = false
    end
  end
  if expect ~= 'end' then return nil, 'invalid_json' end
  if names > 1 then return nil, 'duplicate_model' end
  if wrong then return nil, 'invalid_model' end
  if not spelled or last < first then return nil, 'missing_model' end
  local raw = sub(s, first, last)
  return first, last, escaped and decoded(raw) or raw
end

-- --- the request ----------------------------------------------------------------------------------------------------

local function state_of(handle) return handle:streamInfo():filterState() end

local REFUSALS = {
  invalid_json = { 'The body is not a JSON object.' },
  duplicate_model = { 'The body names its model more than once.', 'model' },
  invalid_model = { 'The model must be a string.', 'model' },
  missing_model = { 'The body names no model.', 'model' },
}

-- The route of a model: the key that the consumer's routes are looked up by. A name that none can have, so that it has
-- no route, is cut to what is safe to show.
local function choose_model(handle, name)
  local state = state_of(handle)
  local shown = gsub(sub(name, 1, LONGEST_NAME), '%c', '?')
  if shown ~= name then shown = gsub(shown, '[\192-\255][\128-\191]*$', '') end
  state:set('agentrouter.model', TYPE, shown)
  state:set('agentrouter.route', TYPE, shown == name and 'chat:' .. name or 'none')
end

local function chat(handle)
  local encoding = handle:headers():get('content-encoding')
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
  choose_model(handle, model)
  state_of(handle):set('agentrouter.span', TYPE, first .. ':' .. last)
  handle:clearRouteCache()
end

local function percent_decoded(text)
  return (gsub(text, '%%(%x%x)', function(digits) return char(tonumber(digits, 16)) end))
end

-- Whether the consumer has a scope, and the card of the model whose route was chosen. The route can be looked into once
-- a request, so it is chosen before where that needs no body; `metadata` is what makes Envoy look it up.
local function look_into_scope(handle)
  handle:clearRouteCache()
  local card = handle:metadata():get('card')
  return handle:virtualHost():metadata():get('known'), card
end

local function enter(handle)
  local headers, state = handle:headers(), state_of(handle)
  local method = headers:get(':method')
  local path, query = match(headers:get(':path'), '^([^?]*)(.*)$')
  local name = match(path, '^/v1/models/(.+)$')
  state:set('agentrouter.consumer', TYPE, headers:get('x-consumer') or '')
  state:set('agentrouter.query', TYPE, query)
  if path == MODELS then state:set('agentrouter.route', TYPE, 'models') end
  if name then choose_model(handle, percent_decoded(name)) end
  local known, card = look_into_scope(handle)
  if not known then return refuse(handle, '401', 'invalid_api_key', 'Incorrect API key provided.') end

  local wanted = path == CHAT and 'POST' or (path == MODELS or name) and 'GET'
  if not wanted then return refuse(handle, '404', 'not_found', 'There is nothing at this address.') end
  state:set('agentrouter.endpoint', TYPE, name and MODELS or path)
  if method ~= wanted then
    return refuse(handle, '405', 'method_not_allowed', 'This address takes ' .. wanted .. ' only.', nil, { allow = wanted })
  end
  if card then return answer(handle, '200', card) end
  if path == CHAT then return chat(handle) end
  -- The consumer's routes answer the rest: the list of its models, or that there is no such model.
end

-- Envoy lets a request pass whose script fails; this one must not.
function envoy_on_request(handle)
  local fine, problem = pcall(enter, handle)
  if not fine then
    handle:logErr('front door: ' .. tostring(problem))
    refuse(handle, '500', 'internal_error', 'The gateway could not read this request.')
  end
end
