// Package migrate proves that what pattern migrate renders does what it promises: a
// real golang-migrate, and a script in place of an app's own program, bring a real
// PostgreSQL up to date, as the container and with the variables that a kubelet
// would give it. And that a Java agent's jar gets to where the JVM looks for it; no
// JVM runs here.
package migrate
