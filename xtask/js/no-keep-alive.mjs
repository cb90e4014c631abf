// For a client that takes a connection the server is just closing for a failure: `node --import` this before it. Its tests
// pause for as long as a server keeps an idle connection, and on a busy machine it is often too late.
import http from 'node:http'

http.globalAgent = new http.Agent({ keepAlive: false })
