package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/outrigger-dev/outrigger/pkg/sidecar"
)

// A locking is what a program does if two of its kind migrate at once.
type locking int

const (
	locks     locking = iota // one waits for the other
	locksNot                 // both migrate
	locksLong                // one waits, and the lock is a row that stays if the program is killed
)

// migrators are programs, identified by words of their command.
var migrators = []struct {
	words []string
	name  string
	locking
}{
	{[]string{"alembic", "upgrade"}, "alembic", locksNot},
	{[]string{"flask", "db", "upgrade"}, "alembic", locksNot},
	{[]string{"manage.py", "migrate"}, "Django", locksNot},
	{[]string{"django-admin", "migrate"}, "Django", locksNot},
	{[]string{"sequelize", "db:migrate"}, "Sequelize", locksNot},
	{[]string{"typeorm", "migration:run"}, "TypeORM", locksNot},
	{[]string{"doctrine:migrations:migrate"}, "Doctrine", locksNot},
	{[]string{"artisan", "migrate", "--isolated"}, "Laravel", locks},
	{[]string{"artisan", "migrate"}, "Laravel", locksNot}, // without --isolated
	{[]string{"goose", "up"}, "goose", locksNot},
	{[]string{"knex", "migrate:latest"}, "Knex", locksLong},
	{[]string{"liquibase", "update"}, "liquibase", locksLong},
	{[]string{"rails", "db:migrate"}, "Rails", locks},
	{[]string{"rails", "db:prepare"}, "Rails", locks},
	{[]string{"rake", "db:migrate"}, "Rails", locks},
	{[]string{"prisma", "migrate", "deploy"}, "Prisma", locks},
	{[]string{"flyway", "migrate"}, "flyway", locks},
	{[]string{"mix", "ecto.migrate"}, "Ecto", locks},
}

// checkLocks finds pods that migrate at the same time with programs that can't. Pods of a
// StatefulSet start one after another, unless it's configured otherwise.
func (p *Migrate) checkLocks(w *sidecar.Workload, fs *sidecar.Findings) {
	name, how, known := p.knownLocking()
	if how == locksLong {
		fs.Add(sidecar.Warning, "migrate-lock", "",
			fmt.Sprintf(
				"%s keeps its lock in a table: if a pod is stopped while it migrates, the lock stays, and no other pod can start",
				name),
			"use mode job, or be prepared to release the lock")
	}
	several := ""
	if w.Ref.Kind == "DaemonSet" {
		several = "on every node"
	} else if w.Replicas != nil && *w.Replicas > 1 && w.Ref.Kind != "StatefulSet" {
		several = fmt.Sprintf("in %d pods", *w.Replicas)
	}
	switch {
	case several == "" || how == locks && known || how == locksLong:
	case known:
		fs.Add(sidecar.Warning, "migrate-at-once", "", fmt.Sprintf("runs %s at once, and %s takes no lock", several, name),
			"use mode job, or take a lock around the migration, such as pg_advisory_lock")
	default:
		fs.Add(sidecar.Info, "migrate-at-once", "", "runs "+several+" at once",
			"make sure that it takes a lock, or use mode job")
	}
}

// knownLocking returns the name and the locking of the program that migrates, if it's
// known.
func (p *Migrate) knownLocking() (name string, how locking, known bool) {
	switch p.Engine {
	case GolangMigrate, Flyway:
		return string(p.Engine), locks, true
	case Liquibase:
		return string(p.Engine), locksLong, true
	}
	var words []string
	for _, arg := range slices.Concat(p.Command, p.Args) { // sh -c has several words in one argument
		for _, word := range strings.FieldsFunc(arg, func(r rune) bool { return strings.ContainsRune(" \t\n;&|()'\"", r) }) {
			words = append(words, word[strings.LastIndexByte(word, '/')+1:])
		}
	}
	for _, m := range migrators {
		if inOrder(m.words, words) {
			return m.name, m.locking, true
		}
	}
	return "", locks, false
}

// inOrder reports whether all words occur among others in this order. Programs may have
// suffixes, as in sequelize-cli.
func inOrder(words, among []string) bool {
	for _, word := range among {
		if len(words) > 0 && (word == words[0] || strings.HasPrefix(word, words[0]+"-")) {
			words = words[1:]
		}
	}
	return len(words) == 0
}
