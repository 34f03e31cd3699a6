package ipinyou

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Info summarises an advertiser's full training set: the files prices/NNNN.info.json.
type Info struct {
	Impressions int64   // impressions won
	Clicks      int64   // clicks on them
	Cost        float64 // sum of the prices paid, CPM
	Prices      []int64 // Prices[p] counts impressions won at market price p
}

// ECPC returns the cost of a click, a natural value of one, and 0 if there were no clicks. Since prices are CPM, it is in
// thousandths of the price unit: ECPC times a click probability is a CPM bid.
func (i Info) ECPC() float64 {
	if i.Clicks == 0 {
		return 0
	}
	return i.Cost / float64(i.Clicks)
}

// maxInfo is the largest info file accepted, in bytes.
const maxInfo = 1 << 20

// ReadInfo reads the training part of one info file.
func ReadInfo(path string) (Info, error) {
	f, err := os.Open(path)
	if err != nil {
		return Info{}, fmt.Errorf("open price info: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxInfo+1))
	if err != nil {
		return Info{}, fmt.Errorf("read price info %s: %w", path, err)
	}
	if len(b) > maxInfo {
		return Info{}, fmt.Errorf("price info %s is longer than %d bytes", path, maxInfo)
	}
	info, err := parseInfo(b)
	if err != nil {
		return Info{}, fmt.Errorf("price info %s: %w", path, err)
	}
	return info, nil
}

func parseInfo(b []byte) (Info, error) {
	var file struct {
		Impressions int64   `json:"imp_train"`
		Clicks      int64   `json:"clk_train"`
		Cost        float64 `json:"cost_train"`
		Prices      []int64 `json:"price_counter_train"`
	}
	if err := json.Unmarshal(b, &file); err != nil {
		return Info{}, err
	}
	info := Info(file)
	if info.Impressions <= 0 || info.Clicks < 0 || info.Clicks > info.Impressions || info.Cost < 0 {
		return Info{}, errors.New("imp_train, clk_train and cost_train must be counts, with at least one impression")
	}
	for p, n := range info.Prices {
		if n < 0 {
			return Info{}, fmt.Errorf("price_counter_train[%d] is negative", p)
		}
	}
	return info, nil
}

// Values gives the value of a click of every advertiser in rows, which were read from logPath: the ECPC of
// prices/<advertiser>.info.json beside the log or, for an advertiser without that file, of the rows themselves (see
// [ValuesFromRows]). nonClickRate is the share of non-clicks kept in the log, in (0, 1].
func Values(logPath string, rows []Row, nonClickRate float64) (map[string]float64, error) {
	values, err := ValuesFromRows(rows, nonClickRate)
	if err != nil {
		return nil, err
	}
	for advertiser := range values {
		// An advertiser is foreign text: Base keeps it from naming a file elsewhere.
		path := filepath.Join(filepath.Dir(logPath), "prices", filepath.Base(advertiser)+".info.json")
		info, err := ReadInfo(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		values[advertiser] = info.ECPC()
	}
	return values, nil
}

// ValuesFromRows estimates each advertiser's ECPC from the rows: the mean price paid divided by the click rate, where a
// non-click stands for 1/nonClickRate impressions. It is 0 for an advertiser without clicks, who then does not bid.
func ValuesFromRows(rows []Row, nonClickRate float64) (map[string]float64, error) {
	if !(nonClickRate > 0 && nonClickRate <= 1) {
		return nil, fmt.Errorf("rate of non-clicks %g is not in (0, 1]", nonClickRate)
	}
	cost, clicks := map[string]float64{}, map[string]float64{}
	for _, r := range rows {
		if r.Click {
			cost[r.Advertiser] += r.PayPrice
			clicks[r.Advertiser]++
		} else {
			cost[r.Advertiser] += r.PayPrice / nonClickRate
		}
	}
	values := make(map[string]float64, len(cost))
	for advertiser, c := range cost {
		values[advertiser] = 0
		if n := clicks[advertiser]; n > 0 {
			values[advertiser] = c / n
		}
	}
	return values, nil
}
