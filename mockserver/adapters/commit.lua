-- Carries out a unit of work in Redis, all of it or nothing.
--
-- ARGV[1]  what all names begin with
-- ARGV[2]  the unit, as MessagePack: the time, what was read, what is changed, what is due, the rooms of its shelves
-- ARGV[3]  and on: the values that are put, as bytes
--
-- Answers 1, or 0 where what was read has changed since. Of a shelf there are: under "shelf:name" an entry (8 bytes
-- version, 8 bytes when it settles, its value) or counters; "shelf.weights" with all names; "shelf.open" with those that
-- settle at a known time; "shelf.line" with the settled ones, oldest first; "shelf.bytes", what these weigh together.

local UNSETTLED_MS = 2 ^ 53
local IN_USE_MS = 1000
local COUNTER_BYTES = 128
local AT_ONCE = 200

local prefix = ARGV[1]
local now_ms, reads, changes, due, rooms = unpack(cmsgpack.unpack(ARGV[2]))
local call = redis.call

for _, read in ipairs(reads) do
    -- Counters in place of an entry are an error here, and a change.
    local version = redis.pcall('GETRANGE', prefix .. read[1], 0, 7)
    if version.err or (version == '' and 0 or struct.unpack('>I8', version)) ~= read[2] then
        return 0
    end
end

local function counter(name, field, retention_ms)
    local found = call('HMGET', prefix .. name, '', field)
    if not found[1] or tonumber(found[1]) + retention_ms < now_ms then
        return 0
    end
    return tonumber(found[2] or 0)
end

-- Ceilings are held against what there is now and what this unit has added before.
local added = {}
for _, change in ipairs(changes) do
    local kind, shelf, name, at_ms, most, fits, amounts = unpack(change)
    if kind == 'add' then
        local whole = shelf .. ':' .. name
        if most >= 0 then
            local field, amount = amounts[1][1], tonumber(amounts[1][2])
            local before = counter(whole, field, rooms[shelf][3]) + (added[whole .. '\n' .. field] or 0)
            if (before + amount <= most) ~= fits then
                return 0
            end
        end
        for _, each in ipairs(fits and amounts or {}) do
            local mark = whole .. '\n' .. each[1]
            added[mark] = (added[mark] or 0) + tonumber(each[2])
        end
    end
end

local function leave(shelf, name)
    local weight = call('HGET', prefix .. shelf .. '.weights', name)
    if not weight then
        return
    end
    if call('ZREM', prefix .. shelf .. '.line', name) == 1 then
        call('DECRBY', prefix .. shelf .. '.bytes', weight)
    else
        call('ZREM', prefix .. shelf .. '.open', name)
    end
end

local function enter(shelf, name, settles_at_ms, weight)
    leave(shelf, name)
    call('HSET', prefix .. shelf .. '.weights', name, weight)
    if settles_at_ms <= now_ms then
        call('ZADD', prefix .. shelf .. '.line', settles_at_ms, name)
        call('INCRBY', prefix .. shelf .. '.bytes', weight)
    elseif settles_at_ms < UNSETTLED_MS then
        call('ZADD', prefix .. shelf .. '.open', settles_at_ms, name)
    end
end

local function drop(shelf, name)
    leave(shelf, name)
    call('HDEL', prefix .. shelf .. '.weights', name)
    call('DEL', prefix .. shelf .. ':' .. name)
end

local function put(shelf, name, version, settles_at_ms, weight, number, stays_ms)
    local whole = prefix .. shelf .. ':' .. name
    enter(shelf, name, settles_at_ms, weight)
    local value = struct.pack('>I8', version) .. ARGV[3 + number]
    if stays_ms > 0 then
        call('SET', whole, value, 'PX', stays_ms)
    else
        call('SET', whole, value)
    end
end

local function add(shelf, name, at_ms, amounts, stays_ms)
    local whole = prefix .. shelf .. ':' .. name
    local settled = call('HGET', whole, '')
    if settled and tonumber(settled) + rooms[shelf][3] < now_ms then
        call('DEL', whole)
    end
    call('HSET', whole, '', at_ms + IN_USE_MS)
    for _, each in ipairs(amounts) do
        call('HINCRBY', whole, each[1], each[2])
    end
    call('PEXPIRE', whole, stays_ms)
    enter(shelf, name, at_ms + IN_USE_MS, COUNTER_BYTES * (call('HLEN', whole) - 1))
end

if #changes > 0 then
    local last = call('INCRBY', prefix .. 'version', #changes)
    for number, change in ipairs(changes) do
        local kind, shelf, name = unpack(change)
        if kind == 'put' then
            put(shelf, name, last - #changes + number, unpack(change, 4))
        elseif kind == 'drop' then
            drop(shelf, name)
        elseif change[6] then
            add(shelf, name, change[4], change[7], change[8])
        end
    end
end

for _, each in ipairs(due) do
    if each[2] < 0 then
        call('ZREM', prefix .. 'due', each[1])
    else
        call('ZADD', prefix .. 'due', each[2], each[1])
    end
end

-- What has settled goes into the line; what is too much or too old leaves it at its head.
for shelf, room in pairs(rooms) do
    local open, line = prefix .. shelf .. '.open', prefix .. shelf .. '.line'
    local settled = call('ZRANGEBYSCORE', open, '-inf', now_ms, 'WITHSCORES', 'LIMIT', 0, AT_ONCE)
    for at = 1, #settled, 2 do
        call('ZREM', open, settled[at])
        call('ZADD', line, settled[at + 1], settled[at])
        call('INCRBY', prefix .. shelf .. '.bytes', call('HGET', prefix .. shelf .. '.weights', settled[at]) or 0)
    end
    for _ = 1, AT_ONCE do
        local first = call('ZRANGE', line, 0, 0, 'WITHSCORES')
        if #first == 0 then
            call('DEL', prefix .. shelf .. '.bytes')
            break
        end
        local is_old = tonumber(first[2]) + room[3] < now_ms
        local bytes = tonumber(call('GET', prefix .. shelf .. '.bytes') or 0)
        if not (is_old or call('ZCARD', line) > room[1] or bytes > room[2]) then
            break
        end
        drop(shelf, first[1])
    end
end
return 1
