module go-sha256

go 1.19
